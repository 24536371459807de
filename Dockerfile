FROM python:3.13-slim AS build
COPY requirements/base.txt /base.txt
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes -r /base.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# RQ's own commands read these. Its `rq worker` and `rq info` would unpickle what lies in Redis; with
# our classes they refuse to start.
ENV RQ_JOB_CLASS=queues.transport.job.HubJob \
    RQ_QUEUE_CLASS=queues.transport.queue.HubQueue \
    RQ_WORKER_CLASS=queues.transport.worker.HubWorker
RUN useradd --system --uid 10001 --no-create-home hub
COPY --from=build /venv /venv
WORKDIR /app
COPY manage.py gunicorn.conf.py ./
COPY accounts accounts
COPY fediverse fediverse
COPY queues queues
COPY templates templates
# Nothing here is secret: settings need some key to be read at all.
RUN SECRET_KEY=build ALLOWED_HOSTS=build python manage.py collectstatic --noinput
USER hub
EXPOSE 3000
CMD ["gunicorn", "fediverse.wsgi", "--bind=0.0.0.0:3000"]
