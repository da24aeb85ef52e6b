# The proxies that make AWS and the database fail on request. Build from the repository's root.
FROM python:3.11.16-slim-bookworm@sha256:528257d48c1da0dcecc2e725d1ae34498d60c965f1241e39cd6a85a8859bdf84 AS build
WORKDIR /src
COPY requirements/install requirements/prune requirements/unused.txt requirements/uv.txt requirements/faults.txt requirements/
RUN requirements/install faults /app && /app/bin/python -m compileall -q /app/lib

FROM python:3.11.16-slim-bookworm@sha256:528257d48c1da0dcecc2e725d1ae34498d60c965f1241e39cd6a85a8859bdf84
RUN pip uninstall --yes --quiet --root-user-action=ignore setuptools wheel pip \
    && useradd --system --uid 10001 --home-dir /var/lib/shop --create-home shop
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /var/lib/shop
USER 10001
EXPOSE 9999
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-IS", "-c", "from http.client import HTTPConnection as C; c = C('127.0.0.1', 9999, timeout=2); c.request('GET', '/_microburst/health'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["microburst", "--host", "0.0.0.0"]
CMD ["--upstream", "http://aws:4566"]
