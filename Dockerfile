# The app in a slim image. The default pipeline needs no torch; build with --build-arg EXTRAS=app,postgres,torch for
# other local models (then the CPU build of torch is installed first, so that no CUDA comes along).
#
#     docker build -t second-pass .
#     docker run -p 127.0.0.1:8501:8501 -v second-pass:/data second-pass
FROM python:3.11-slim AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-deps --wheel-dir /wheels .

FROM python:3.11-slim
ARG EXTRAS=app,postgres
COPY --from=build /wheels /wheels
RUN case ",$EXTRAS," in *,torch,*|*,train,*|*,t5,*|*,all,*) \
      pip install --no-cache-dir torch --index-url https://download.pytorch.org/whl/cpu ;; esac \
    && pip install --no-cache-dir "$(ls /wheels/second_pass-*.whl)[$EXTRAS]" \
    && rm -r /wheels \
    && useradd --create-home --uid 10001 app \
    && install -d -o app /data
USER app
ENV SECOND_PASS_DATA_DIR=/data
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --start-period=60s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8501/_stcore/health', timeout=5)"]
CMD ["second-pass", "app", "--address", "0.0.0.0"]
