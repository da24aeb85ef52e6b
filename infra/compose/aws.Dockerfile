# The AWS endpoint of the compose stack. Build from the repository's root.
FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/aws --create-home aws
COPY requirements/aws.txt /tmp/aws.txt
RUN pip install --no-cache-dir --require-hashes --requirement /tmp/aws.txt
COPY infra/src/infra/local/aws_launcher.py /opt/aws_launcher.py
ENV BIND_HOST=0.0.0.0 GATEWAY_PORT=4566 IOT_MTLS_ENABLED=0 SFTP_ENABLED=0 \
    PERSIST_STATE=1 STATE_DIR=/var/lib/aws/state S3_PERSIST=1 S3_DATA_DIR=/var/lib/aws/s3
WORKDIR /var/lib/aws
USER 10001
EXPOSE 4566
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:4566/_ministack/health', timeout=2)"]
CMD ["python", "/opt/aws_launcher.py"]
