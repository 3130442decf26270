FROM python:3.11-slim
WORKDIR /opt/fsdb
COPY pyproject.toml constraints.txt README.md ./
COPY extractors extractors
COPY identity identity
COPY expectations expectations
COPY publication publication
COPY pipeline pipeline
COPY simulator simulator
COPY dbt_project dbt_project
COPY dags dags
# asyncpg and psycopg2 are for Airflow's own metadata in PostgreSQL.
RUN pip install --no-cache-dir -c constraints.txt -e . asyncpg psycopg2-binary \
    && useradd --create-home fsdb && mkdir /data /airflow && chown fsdb /data /airflow
USER fsdb
ENV FSDB_DATA_DIR=/data AIRFLOW_HOME=/airflow AIRFLOW__CORE__DAGS_FOLDER=/opt/fsdb/dags AIRFLOW__CORE__LOAD_EXAMPLES=False
