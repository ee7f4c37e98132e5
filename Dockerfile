FROM python:3.11-slim
WORKDIR /srv/painpoint
# An index of CPU builds of torch, if you have one: the image is then about 4 GB smaller.
ARG PIP_EXTRA_INDEX_URL=""
COPY . .
RUN pip install --no-cache-dir torch==2.13.0 \
 && pip install --no-cache-dir --constraint requirements.lock --editable '.[fast,deploy]' \
 && mkdir -p data dagster && cp deploy/dagster.yaml dagster/dagster.yaml
ENV DAGSTER_HOME=/srv/painpoint/dagster LITELLM_LOCAL_MODEL_COST_MAP=True
