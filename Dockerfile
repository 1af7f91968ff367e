# docker build -t lanbridge .
# docker run --network host -v lanbridge:/var/lib/lanbridge lanbridge
#
# The host's network is needed: multicast does not cross Docker's bridge, and behind it every phone
# is in another subnet than the container, which is what the echo endpoints refuse.
# On Docker Desktop "host" is a virtual machine: run lanbridge there without Docker.

FROM python:3.13-slim AS build
WORKDIR /source
COPY requirements-dev.lock .
RUN python -m venv /tools \
 && /tools/bin/pip install --no-cache-dir -c requirements-dev.lock build hatchling
COPY pyproject.toml README.md LICENSE ./
COPY lanbridge lanbridge
RUN /tools/bin/python -m build --wheel --no-isolation
# Wheels only: there is no compiler here, and none is needed on x86-64, arm64 and armv7.
RUN python -m venv --without-pip /opt/lanbridge \
 && /tools/bin/pip --python /opt/lanbridge/bin/python install --no-cache-dir \
      --only-binary=:all: -c requirements-dev.lock dist/*.whl

FROM python:3.13-slim
COPY --from=build /opt/lanbridge /opt/lanbridge
# The user cannot write .pyc files, and without them a start takes three times as long. pip has
# made those of the packages; this import makes those of the standard library.
RUN useradd --system --no-create-home --home-dir /var/lib/lanbridge lanbridge \
 && install -d -o lanbridge -g lanbridge /var/lib/lanbridge \
 && install -d /etc/lanbridge \
 && /opt/lanbridge/bin/python -c "import lanbridge.api.server, lanbridge.cli.commands.serve"
ENV PATH=/opt/lanbridge/bin:$PATH \
    LANBRIDGE_STATE_DIR=/var/lib/lanbridge
USER lanbridge
VOLUME /var/lib/lanbridge
EXPOSE 8620/tcp 8620/udp 5353/udp
# Alive, not ready: without a network it waits, and a new container would not help.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["python", "-c", "\
import os, sys; from http.client import HTTPConnection; \
there = HTTPConnection('127.0.0.1', int(os.environ.get('LANBRIDGE_PORT', 8620)), timeout=4); \
there.request('GET', '/healthz'); sys.exit(there.getresponse().status != 200)"]
ENTRYPOINT ["lanbridge"]
CMD ["serve"]
