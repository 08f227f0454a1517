import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

/**
 * Round trips of Flink's Kafka connector with SQL jobs in an embedded cluster.
 *
 * <p>FlinkJob BOOTSTRAP PREFIX
 */
public final class FlinkJob {
  static final int N = 1000;

  final String bootstrap;
  final String prefix;
  final TableEnvironment env;
  boolean failed;

  FlinkJob(String bootstrap, String prefix) {
    this.bootstrap = bootstrap;
    this.prefix = prefix;
    Configuration c = new Configuration();
    c.setString("parallelism.default", "2");
    c.setString("taskmanager.numberOfTaskSlots", "2");
    c.setString("execution.checkpointing.interval", "500 ms");
    c.setString("rest.bind-port", "0");
    c.setString("table.dml-sync", "true");
    env = TableEnvironment.create(EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(c).build());
  }

  public static void main(String[] args) {
    FlinkJob f = new FlinkJob(args[0], args[1]);
    f.run("write-at-least-once", () -> f.write("plain", "'sink.delivery-guarantee'='at-least-once'"));
    f.run("read-bounded", () -> f.readBack("plain", ""));
    f.run("write-exactly-once", () -> f.write("exact", exactly(f.prefix + "-sink")));
    f.run("read-committed", () -> f.readBack("exact", ",'properties.isolation.level'='read_committed'"));
    f.run("copy-exactly-once", f::copy);
    f.run("group-offsets", f::groupOffsets);
    f.run("upsert-kafka", f::upsert);
    System.out.println("DONE");
    System.exit(f.failed ? 1 : 0);
  }

  interface Body {
    void run() throws Exception;
  }

  void run(String name, Body body) {
    try {
      body.run();
      System.out.println("PASS " + name);
    } catch (Throwable e) {
      failed = true;
      Throwable cause = e;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      String text = (e + " from " + cause).replaceAll("\\s+", " ");
      System.out.println("FAIL " + name + ": " + text.substring(0, Math.min(600, text.length())));
      e.printStackTrace();
    }
  }

  static void check(boolean ok, String text) {
    if (!ok) {
      throw new AssertionError(text);
    }
  }

  static String exactly(String id) {
    return "'sink.delivery-guarantee'='exactly-once','sink.transactional-id-prefix'='" + id
        + "','properties.transaction.timeout.ms'='60000'";
  }

  String topic(String name) {
    return prefix + "-" + name;
  }

  String with(String name, String more) {
    return " WITH ('connector'='kafka','topic'='" + topic(name) + "','properties.bootstrap.servers'='" + bootstrap
        + "','key.format'='raw','key.fields'='k','value.format'='json','value.fields-include'='ALL'" + more + ")";
  }

  static final String COLUMNS = "(k STRING, n BIGINT)";

  void sink(String table, String name, String more) {
    env.executeSql("CREATE TEMPORARY TABLE " + table + COLUMNS + with(name, "," + more));
  }

  void source(String table, String name, String more) {
    env.executeSql("CREATE TEMPORARY TABLE " + table + COLUMNS
        + with(name, ",'scan.bounded.mode'='latest-offset'" + more));
  }

  String numbers(String table) {
    env.executeSql("CREATE TEMPORARY TABLE " + table + " (n BIGINT) WITH ('connector'='datagen','number-of-rows'='"
        + N + "','fields.n.kind'='sequence','fields.n.start'='0','fields.n.end'='" + (N - 1) + "')");
    return "SELECT 'k' || CAST(MOD(n, 10) AS STRING), n FROM " + table;
  }

  void write(String name, String guarantee) throws Exception {
    sink("out_" + name, name, guarantee);
    env.executeSql("INSERT INTO out_" + name + " " + numbers("gen_" + name)).await(90, TimeUnit.SECONDS);
  }

  List<Row> collect(String sql) throws Exception {
    TableResult r = env.executeSql(sql);
    List<Row> out = new ArrayList<>();
    try (CloseableIterator<Row> it = r.collect()) {
      it.forEachRemaining(out::add);
    }
    return out;
  }

  void sameNumbers(List<Row> rows) {
    Set<Long> seen = new TreeSet<>();
    for (Row r : rows) {
      long n = (Long) r.getField(1);
      check(r.getField(0).equals("k" + n % 10), "row " + r);
      check(seen.add(n), n + " came twice");
    }
    check(seen.size() == N, seen.size() + " numbers, expected " + N);
  }

  void readBack(String name, String more) throws Exception {
    source("in_" + name, name, ",'scan.startup.mode'='earliest-offset'" + more);
    sameNumbers(collect("SELECT k, n FROM in_" + name));
  }

  /** From a topic into another through checkpoints, each committing one transaction. */
  void copy() throws Exception {
    source("copy_in", "exact", ",'scan.startup.mode'='earliest-offset','properties.isolation.level'='read_committed'"
        + ",'properties.group.id'='" + prefix + "-flink'");
    sink("copy_out", "copied", exactly(prefix + "-copy"));
    env.executeSql("INSERT INTO copy_out SELECT k, n FROM copy_in").await(90, TimeUnit.SECONDS);
    readBack("copied", ",'properties.isolation.level'='read_committed'");
  }

  /** A job without end is cancelled; the next of its group goes on where the committed offsets are. */
  void groupOffsets() throws Exception {
    env.executeSql("CREATE TEMPORARY TABLE group_in" + COLUMNS + with("plain", ",'scan.startup.mode'='group-offsets'"
        + ",'properties.auto.offset.reset'='earliest','properties.group.id'='" + prefix + "-offsets'"));
    sink("group_out", "grouped", exactly(prefix + "-group"));
    source("grouped", "grouped", ",'scan.startup.mode'='earliest-offset','properties.isolation.level'='read_committed'");
    for (int round = 1; round <= 2; round++) {
      TableResult job = detached("INSERT INTO group_out SELECT k, n FROM group_in");
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (rows("grouped") < round * N) {
        check(System.nanoTime() < deadline, "round " + round + ": " + rows("grouped") + " rows");
      }
      if (round == 1) {
        Thread.sleep(12_000); // the connector commits offsets between its polls, of 10 s when nothing comes
      }
      job.getJobClient().get().cancel().get();
      if (round == 1) {
        env.executeSql("INSERT INTO out_plain SELECT k, n FROM in_plain").await(90, TimeUnit.SECONDS);
      }
    }
    check(rows("grouped") == 2 * N, rows("grouped") + " rows in the end");
  }

  TableResult detached(String sql) {
    env.getConfig().set("table.dml-sync", "false");
    try {
      return env.executeSql(sql);
    } finally {
      env.getConfig().set("table.dml-sync", "true");
    }
  }

  long rows(String table) throws Exception {
    return collect("SELECT k, n FROM " + table).size();
  }

  /** A changelog with tombstones. */
  void upsert() throws Exception {
    String table = "(k STRING, c BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector'='upsert-kafka','topic'='"
        + topic("upsert") + "','properties.bootstrap.servers'='" + bootstrap + "','key.format'='raw','value.format'='json'";
    env.executeSql("CREATE TEMPORARY TABLE upsert_out " + table + ")");
    env.executeSql("CREATE TEMPORARY TABLE upsert_in " + table + ",'scan.bounded.mode'='latest-offset')");
    source("upsert_from", "plain", ",'scan.startup.mode'='earliest-offset'");
    env.executeSql("INSERT INTO upsert_out SELECT k, COUNT(*) FROM upsert_from GROUP BY k").await(90, TimeUnit.SECONDS);
    List<Row> rows = collect("SELECT COUNT(*), SUM(c) FROM upsert_in");
    Row last = rows.get(rows.size() - 1);
    check(last.getField(0).equals(10L) && last.getField(1).equals(2L * N), "counts " + last);
  }
}
