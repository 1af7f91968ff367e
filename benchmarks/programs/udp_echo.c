/* The peer of the UDP echo: recvfrom, sendto, and nothing else. usage: udp_echo PORT */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char **argv) {
    struct sockaddr_in own = {.sin_family = AF_INET};
    struct sockaddr_in peer;
    char data[4096];
    int sock = socket(AF_INET, SOCK_DGRAM, 0);

    if (argc != 2) return 2;
    own.sin_port = htons((unsigned short)atoi(argv[1]));
    if (bind(sock, (struct sockaddr *)&own, sizeof own)) {
        perror("bind");
        return 1;
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        socklen_t length = sizeof peer;
        ssize_t size = recvfrom(sock, data, sizeof data, 0, (struct sockaddr *)&peer, &length);
        if (size >= 0) sendto(sock, data, (size_t)size, 0, (struct sockaddr *)&peer, length);
    }
}
