"""Stands in for kafka-python's test/service.py, which its source archive lacks.

Its fixtures import both names; with KAFKA_URI set they use the external one only.
"""


class ExternalService:
    def __init__(self, host, port):
        self.host, self.port = host, port

    def open(self):
        pass

    def close(self):
        pass

    def dump_logs(self):
        pass


class SpawnedService:
    def __init__(self, *args, **kwargs):
        raise RuntimeError("these tests start no broker of their own")
