/* Asks a server for as many answers as it can give, and uses little of the machine for it.
 *
 * load udp ADDRESS PORT SECONDS SIZE
 *     datagrams of SIZE bytes, IN_FLIGHT at a time, from one socket
 * load tcp ADDRESS PORT SECONDS CONNECTIONS HANDSHAKE REQUEST
 *     on each connection HANDSHAKE, if it is not "-", and its answer, which ends in an empty line;
 *     then REQUEST again and again, each when the one before is answered; both are in hex. How
 *     long an answer is shows the first one; all must be alike.
 *
 * Waits for a server that does not listen yet; prints `warm` when it begins to count, and a line
 * of JSON at the end.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { IN_FLIGHT = 200, MOST_CONNECTIONS = 1024, WARM_UP_MS = 300, QUIET_MS = 200, TRIES = 500 };

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

/* Counts from the end of the warm-up to the end of the time. */
static double began, ends;
static long answers;
static int warm;

static void begin(double length) {
    began = seconds() + WARM_UP_MS / 1e3;
    ends = began + length;
}

static int goes_on(void) {
    double now = seconds();
    if (!warm && now >= began) {
        warm = 1;
        answers = 0;
        began = now;
        puts("warm");
        fflush(stdout);
    }
    return now < ends;
}

static void wait_at_most(int sock, int ms) {
    struct timeval time = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
}

static void over_udp(const struct sockaddr_in *to, double length, size_t size) {
    static char data[IN_FLIGHT][4096];
    struct mmsghdr messages[IN_FLIGHT];
    struct iovec parts[IN_FLIGHT];
    int sock = socket(AF_INET, SOCK_DGRAM, 0), lost = IN_FLIGHT;

    if (connect(sock, (const struct sockaddr *)to, sizeof *to)) fail("connect");
    wait_at_most(sock, 20);
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < IN_FLIGHT; i++) {
        parts[i] = (struct iovec){data[i], size};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    begin(length);
    while (goes_on()) {
        int came, sent = lost;
        for (int at = 0; at < sent;) {
            int more = sendmmsg(sock, messages + at, (unsigned)(sent - at), 0);
            if (more < 0 && errno != ECONNREFUSED) fail("sendmmsg");
            at += more < 0 ? 1 : more;
        }
        came = recvmmsg(sock, messages, IN_FLIGHT, MSG_WAITFORONE, NULL);
        for (int i = 0; i < came; i++)
            if (messages[i].msg_len != size) fail("another length came back");
        answers += came > 0 ? came : 0;
        lost = came > 0 ? came : IN_FLIGHT; /* nothing came: they are lost */
    }
}

static size_t from_hex(const char *hex, unsigned char *bytes) {
    size_t size = 0;
    unsigned byte;
    for (; sscanf(hex, "%2x", &byte) == 1; hex += 2) bytes[size++] = (unsigned char)byte;
    return size;
}

static void send_all(int sock, const unsigned char *data, size_t size) {
    if (send(sock, data, size, MSG_NOSIGNAL) != (ssize_t)size) fail("send");
}

static int connected(const struct sockaddr_in *to) {
    for (int tries = 0; tries < TRIES; tries++) {
        int sock = socket(AF_INET, SOCK_STREAM, 0), on = 1;
        setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (!connect(sock, (const struct sockaddr *)to, sizeof *to)) return sock;
        close(sock);
        usleep(20000);
    }
    fail("connect");
    return -1;
}

static unsigned char data[1 << 16];

static void shake(int sock, const unsigned char *handshake, size_t size) {
    ssize_t got = 0, more;
    send_all(sock, handshake, size);
    do {
        more = recv(sock, data + got, sizeof data - (size_t)got, 0);
        if (more <= 0) fail("handshake");
        got += more;
    } while (got < 4 || memcmp(data + got - 4, "\r\n\r\n", 4));
}

static long length_of_answer(int sock) {
    long size = 0;
    ssize_t more;
    wait_at_most(sock, QUIET_MS);
    while ((more = recv(sock, data, sizeof data, 0)) > 0) size += more;
    if (!size) fail("no answer");
    return size;
}

static void over_tcp(const struct sockaddr_in *to, double length, char **words) {
    static unsigned char handshake[4096], request[4096];
    static long missing[MOST_CONNECTIONS * 4];
    int connections = atoi(words[0]), poll = epoll_create1(0);
    size_t handshake_size = words[1][0] == '-' ? 0 : from_hex(words[1], handshake);
    size_t request_size = from_hex(words[2], request);
    long answer_size = 0;

    for (int i = 0; i < connections; i++) {
        struct epoll_event event = {.events = EPOLLIN};
        int sock = event.data.fd = connected(to);
        if (handshake_size) shake(sock, handshake, handshake_size);
        send_all(sock, request, request_size);
        if (i == 0) {
            answer_size = length_of_answer(sock);
            send_all(sock, request, request_size);
        }
        missing[sock] = answer_size;
        epoll_ctl(poll, EPOLL_CTL_ADD, sock, &event);
    }
    begin(length);
    while (goes_on()) {
        struct epoll_event events[MOST_CONNECTIONS];
        int count = epoll_wait(poll, events, MOST_CONNECTIONS, 100);
        for (int i = 0; i < count; i++) {
            int sock = events[i].data.fd;
            ssize_t came = recv(sock, data, sizeof data, 0);
            if (came <= 0) fail("the server went away");
            missing[sock] -= came;
            if (missing[sock] < 0) fail("a longer answer came");
            if (missing[sock] == 0) {
                answers++;
                missing[sock] = answer_size;
                send_all(sock, request, request_size);
            }
        }
    }
}

int main(int argc, char **argv) {
    struct sockaddr_in to = {.sin_family = AF_INET};
    double length;

    if (argc != 6 && argc != 8) return 2;
    inet_pton(AF_INET, argv[2], &to.sin_addr);
    to.sin_port = htons((unsigned short)atoi(argv[3]));
    length = atof(argv[4]);
    if (argc == 6)
        over_udp(&to, length, (size_t)atoi(argv[5]));
    else
        over_tcp(&to, length, argv + 5);
    printf("{\"answers\": %ld, \"seconds\": %f}\n", answers, seconds() - began);
    return 0;
}
