# The application: web, side service, worker, relay, scheduler and set-up are one image with different commands.
# Built by the launcher's own code, so that the image and ./dev cannot differ in what they install.

FROM python:3.11-slim-bookworm AS built
WORKDIR /srv/boolagold
ENV XDG_CACHE_HOME=/cache UV_LINK_MODE=copy
COPY requirements requirements
COPY ops ops
RUN python -c "from ops import bootstrap; bootstrap.ensure(('run',))"
COPY package.json package-lock.json .npmrc ./
COPY app app
RUN .venv/bin/python -c "from ops import assets, tools; assets.build(print); tools.fonts(print)" \
    && cp -r "$(.venv/bin/python -c 'from ops import tools; print(tools.font_folder())')" /fonts \
    && (.venv/bin/python -m compileall -q .venv app || true) \
    && rm -rf node_modules .local

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin boola \
    && install -d -o boola -g boola /data && install -d -m 755 -o 999 -g 999 /tls
WORKDIR /srv/boolagold
COPY --from=built /fonts /srv/fonts
COPY --from=built /srv/boolagold/.venv .venv
COPY --from=built /srv/boolagold/app app
COPY pyproject.toml pyproject.toml
COPY shard_router shard_router
COPY workers workers
COPY migrations migrations
COPY ops ops
ENV PATH=/srv/boolagold/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BOOLA_FONT_DIR=/srv/fonts
USER 10001:10001
EXPOSE 8000
CMD ["gunicorn", "app.factory:create_app()", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "16", "--graceful-timeout", "10", "--timeout", "60", "--keep-alive", "75", "--no-control-socket"]
