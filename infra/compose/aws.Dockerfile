# The AWS endpoint of the compose stack. Build from the repository's root.
FROM python:3.11.16-slim-bookworm@sha256:528257d48c1da0dcecc2e725d1ae34498d60c965f1241e39cd6a85a8859bdf84 AS build
WORKDIR /src
COPY requirements/install requirements/prune requirements/unused.txt requirements/uv.txt requirements/aws.txt requirements/
RUN requirements/install aws /app && /app/bin/python -m compileall -q /app/lib

FROM python:3.11.16-slim-bookworm@sha256:528257d48c1da0dcecc2e725d1ae34498d60c965f1241e39cd6a85a8859bdf84
RUN pip uninstall --yes --quiet --root-user-action=ignore setuptools wheel pip \
    && useradd --system --uid 10001 --home-dir /var/lib/aws --create-home aws
COPY --from=build /app /app
COPY infra/src/infra/local/aws_launcher.py /opt/aws_launcher.py
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    BIND_HOST=0.0.0.0 GATEWAY_PORT=4566 IOT_MTLS_ENABLED=0 SFTP_ENABLED=0 \
    PERSIST_STATE=1 STATE_DIR=/var/lib/aws/state S3_PERSIST=1 S3_DATA_DIR=/var/lib/aws/s3
WORKDIR /var/lib/aws
USER 10001
EXPOSE 4566
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-IS", "-c", "from http.client import HTTPConnection as C; c = C('127.0.0.1', 4566, timeout=2); c.request('GET', '/_ministack/health'); raise SystemExit(c.getresponse().status != 200)"]
CMD ["python", "/opt/aws_launcher.py"]
