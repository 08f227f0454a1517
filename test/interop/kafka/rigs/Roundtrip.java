import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.DescribeTopicsResult;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Round trips of the Java client; the source compiles against 2.8, 3.9 and 4.x.
 *
 * <p>Roundtrip BOOTSTRAP PREFIX [consumer], the word for the group protocol of KIP-848, with which
 * only the checks of groups run; or Roundtrip BOOTSTRAP PREFIX read TOPIC..., which checks what
 * other clients' rigs wrote. Records and report are those of common.py.
 */
public final class Roundtrip {
  static final int PARTITIONS = 3;
  static final int WAIT_S = 30;

  final String bootstrap;
  final String prefix;
  final boolean consumerProtocol;
  final Admin admin;
  boolean failed;

  Roundtrip(String bootstrap, String prefix, boolean consumerProtocol) {
    this.bootstrap = bootstrap;
    this.prefix = prefix;
    this.consumerProtocol = consumerProtocol;
    this.admin = Admin.create(properties());
  }

  public static void main(String[] args) throws Exception {
    boolean read = args.length > 2 && args[2].equals("read");
    Roundtrip r = new Roundtrip(args[0], args[1], args.length > 2 && args[2].equals("consumer"));
    if (read) {
      for (String topic : Arrays.asList(args).subList(3, args.length)) {
        r.run("reads-" + topic.substring(topic.indexOf('-') + 1), () -> r.foreign(topic));
      }
    } else {
      r.all();
    }
    r.admin.close();
    System.out.println("DONE");
    System.exit(r.failed ? 1 : 0);
  }

  void all() {
    run("resume", this::resume);
    run("static-member", this::staticMember);
    run("transfer", this::transfer);
    run("admin-groups", this::groups);
    if (consumerProtocol) {
      run("rebalance", () -> rebalance("848", null));
      return;
    }
    run("rebalance-range", () -> rebalance("range", "org.apache.kafka.clients.consumer.RangeAssignor"));
    run("rebalance-sticky", () -> rebalance("sticky", "org.apache.kafka.clients.consumer.StickyAssignor"));
    run("rebalance-cooperative-sticky",
        () -> rebalance("cooperative-sticky", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"));
    for (String codec : new String[] {"none", "gzip", "snappy", "lz4", "zstd"}) {
      run("codec-" + codec, () -> codec(codec));
    }
    run("transactions", this::transactions);
    run("open-transaction", this::openTransaction);
    run("fencing", this::fencing);
    run("offsets-by-time", this::byTime);
    run("admin-topics", this::topics);
    run("admin-delete-records", this::deleteRecords);
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
      String text = e.toString().replaceAll("\\s+", " ");
      System.out.println("FAIL " + name + ": " + text.substring(0, Math.min(600, text.length())));
      e.printStackTrace();
    }
  }

  static void check(boolean ok, String text) {
    if (!ok) {
      throw new AssertionError(text);
    }
  }

  static void same(String what, List<?> got, List<?> want) {
    for (int i = 0; i < Math.min(got.size(), want.size()); i++) {
      check(got.get(i).equals(want.get(i)), what + ": item " + i + " is " + got.get(i) + ", expected " + want.get(i));
    }
    check(got.size() == want.size(), what + ": " + got.size() + " items, expected " + want.size());
  }

  static void until(String what, Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_S);
    while (!condition.call()) {
      check(System.nanoTime() < deadline, what + ": not within " + WAIT_S + " s");
      Thread.sleep(50);
    }
  }

  static byte[] bytes(String s) {
    return s == null ? null : s.getBytes(StandardCharsets.UTF_8);
  }

  static String text(byte[] b) {
    return b == null ? null : new String(b, StandardCharsets.UTF_8);
  }

  // ---- records

  static ProducerRecord<byte[], byte[]> record(String topic, int i, long base) {
    String key = i % 10 == 0 && i % 7 != 3 ? null : "key-" + i;
    String value = i % 7 == 3 ? null : i % 11 == 5 ? "" : "value-" + i + "-" + repeat("x", i % 200);
    ProducerRecord<byte[], byte[]> r =
        new ProducerRecord<>(topic, i % PARTITIONS, base + 10L * i, bytes(key), bytes(value));
    if (i % 3 != 0) {
      r.headers().add("n", bytes("" + i)).add("n", bytes("again")).add("empty", new byte[0]).add("null", null);
    }
    return r;
  }

  static String repeat(String s, int n) {
    StringBuilder b = new StringBuilder();
    for (int i = 0; i < n; i++) {
      b.append(s);
    }
    return b.toString();
  }

  static List<ProducerRecord<byte[], byte[]>> records(String topic, int n, long base) {
    List<ProducerRecord<byte[], byte[]>> out = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      out.add(record(topic, i, base));
    }
    return out;
  }

  static List<ProducerRecord<byte[], byte[]>> plain(String topic, int n, int partitions) {
    List<ProducerRecord<byte[], byte[]>> out = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      out.add(new ProducerRecord<>(topic, i % partitions, null, bytes("" + i)));
    }
    return out;
  }

  static String show(int partition, byte[] key, byte[] value, Iterable<Header> headers, long timestamp, boolean nulls) {
    StringBuilder b = new StringBuilder();
    b.append(partition).append(' ').append(timestamp).append(' ').append(text(key)).append(' ').append(text(value));
    for (Header h : headers) {
      if (nulls || h.value() != null) {
        b.append(' ').append(h.key()).append('=').append(h.value() == null ? "<null>" : text(h.value()));
      }
    }
    return b.toString();
  }

  static Map<Integer, List<String>> shown(Collection<ConsumerRecord<byte[], byte[]>> rows, boolean nulls) {
    Map<Integer, List<String>> out = new TreeMap<>();
    for (ConsumerRecord<byte[], byte[]> r : rows) {
      check(r.timestampType() == TimestampType.CREATE_TIME, "timestamp type " + r.timestampType());
      out.computeIfAbsent(r.partition(), p -> new ArrayList<>())
          .add(show(r.partition(), r.key(), r.value(), r.headers(), r.timestamp(), nulls));
    }
    return out;
  }

  static Map<Integer, List<String>> wanted(List<ProducerRecord<byte[], byte[]>> rows, boolean nulls) {
    Map<Integer, List<String>> out = new TreeMap<>();
    for (ProducerRecord<byte[], byte[]> r : rows) {
      out.computeIfAbsent(r.partition(), p -> new ArrayList<>())
          .add(show(r.partition(), r.key(), r.value(), r.headers(), r.timestamp(), nulls));
    }
    return out;
  }

  static void samePartitions(Map<Integer, List<String>> got, Map<Integer, List<String>> want) {
    check(got.keySet().equals(want.keySet()), "partitions " + got.keySet() + ", expected " + want.keySet());
    for (Integer p : want.keySet()) {
      same("partition " + p, got.get(p), want.get(p));
    }
  }

  static List<String> values(Collection<ConsumerRecord<byte[], byte[]>> rows) {
    List<String> out = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> r : rows) {
      out.add(text(r.value()));
    }
    return out;
  }

  static List<String> numbers(int from, int to) {
    List<String> out = new ArrayList<>();
    for (int i = from; i < to; i++) {
      out.add("" + i);
    }
    return out;
  }

  // ---- clients

  Properties properties(String... more) {
    Properties p = new Properties();
    p.put("bootstrap.servers", bootstrap);
    for (int i = 0; i < more.length; i += 2) {
      p.put(more[i], more[i + 1]);
    }
    return p;
  }

  KafkaProducer<byte[], byte[]> producer(String... more) {
    Properties p = properties(more);
    p.putIfAbsent("linger.ms", "5");
    return new KafkaProducer<>(p, new ByteArraySerializer(), new ByteArraySerializer());
  }

  KafkaConsumer<byte[], byte[]> consumer(String group, String... more) {
    Properties p = properties(more);
    p.put("auto.offset.reset", "earliest");
    p.put("enable.auto.commit", "false");
    if (group != null) {
      p.put("group.id", group);
      if (consumerProtocol) {
        p.put("group.protocol", "consumer");
      } else {
        p.put("session.timeout.ms", "10000");
        p.put("heartbeat.interval.ms", "500");
      }
    }
    return new KafkaConsumer<>(p, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  String create(String name, int partitions, String... config) throws Exception {
    String topic = prefix + "-" + name;
    Map<String, String> c = new HashMap<>();
    for (int i = 0; i < config.length; i += 2) {
      c.put(config[i], config[i + 1]);
    }
    admin.createTopics(Collections.singleton(new NewTopic(topic, partitions, (short) 1).configs(c))).all().get();
    until("topic " + topic, () -> admin.listTopics().names().get().contains(topic));
    return topic;
  }

  static void send(KafkaProducer<byte[], byte[]> p, List<ProducerRecord<byte[], byte[]>> rows) throws Exception {
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    for (ProducerRecord<byte[], byte[]> r : rows) {
      sent.add(p.send(r));
    }
    p.flush();
    for (Future<RecordMetadata> f : sent) {
      f.get(WAIT_S, TimeUnit.SECONDS);
    }
  }

  List<ConsumerRecord<byte[], byte[]>> read(String topic, String... more) throws Exception {
    try (KafkaConsumer<byte[], byte[]> c = consumer(null, more)) {
      List<TopicPartition> parts = new ArrayList<>();
      c.partitionsFor(topic).forEach(p -> parts.add(new TopicPartition(topic, p.partition())));
      c.assign(parts);
      c.seekToBeginning(parts);
      Map<TopicPartition, Long> ends = c.endOffsets(parts);
      List<ConsumerRecord<byte[], byte[]>> out = new ArrayList<>();
      until("the end of " + topic, () -> {
        c.poll(Duration.ofMillis(100)).forEach(out::add);
        return parts.stream().allMatch(p -> c.position(p) >= ends.get(p));
      });
      return out;
    }
  }

  static List<String> take(KafkaConsumer<byte[], byte[]> c, int n) throws Exception {
    List<ConsumerRecord<byte[], byte[]>> out = new ArrayList<>();
    until(n + " records", () -> {
      c.poll(Duration.ofMillis(200)).forEach(out::add);
      return out.size() >= n;
    });
    check(out.size() == n, out.size() + " records, expected " + n);
    return values(out);
  }

  Set<TopicPartition> partitions(String topic) {
    Set<TopicPartition> out = new HashSet<>();
    for (int p = 0; p < PARTITIONS; p++) {
      out.add(new TopicPartition(topic, p));
    }
    return out;
  }

  static List<Long> offsets(Map<TopicPartition, OffsetAndMetadata> committed) {
    List<Long> out = new ArrayList<>();
    committed.values().forEach(o -> out.add(o == null ? -1 : o.offset()));
    return out;
  }

  // ---- checks

  void codec(String name) throws Exception {
    String topic = create("codec-" + name, PARTITIONS);
    List<ProducerRecord<byte[], byte[]>> rows = records(topic, 300, System.currentTimeMillis());
    try (KafkaProducer<byte[], byte[]> p = producer("compression.type", name)) {
      send(p, rows);
    }
    samePartitions(shown(read(topic), true), wanted(rows, true));
  }

  /** What another client's rig wrote, its null headers apart. */
  void foreign(String topic) throws Exception {
    List<ConsumerRecord<byte[], byte[]>> got = read(topic);
    long base = got.stream().mapToLong(ConsumerRecord::timestamp).min().getAsLong();
    samePartitions(shown(got, false), wanted(records(topic, 300, base), false));
  }

  void resume() throws Exception {
    String topic = create("resume", PARTITIONS);
    String group = prefix + "-resume";
    try (KafkaProducer<byte[], byte[]> p = producer()) {
      send(p, plain(topic, 90, PARTITIONS));
    }
    List<String> seen = new ArrayList<>();
    for (int n : new int[] {40, 50}) {
      try (KafkaConsumer<byte[], byte[]> c = consumer(group, "max.poll.records", "10")) {
        c.subscribe(Collections.singleton(topic));
        seen.addAll(take(c, n));
        c.commitSync();
      }
    }
    seen.sort((a, b) -> Integer.parseInt(a) - Integer.parseInt(b));
    same("values", seen, numbers(0, 90));
    try (KafkaConsumer<byte[], byte[]> c = consumer(group)) {
      same("committed", offsets(c.committed(partitions(topic))), Arrays.asList(30L, 30L, 30L));
    }
  }

  /** A group member that polls on a thread of its own. */
  final class Member implements ConsumerRebalanceListener {
    final KafkaConsumer<byte[], byte[]> c;
    final Thread thread;
    volatile Set<TopicPartition> parts = Collections.emptySet();
    volatile int rebalances;
    volatile boolean ending;
    volatile RuntimeException error;

    Member(String topic, String group, String... more) {
      c = consumer(group, more);
      c.subscribe(Collections.singleton(topic), this);
      thread = new Thread(this::poll);
      thread.start();
    }

    void poll() {
      try {
        while (!ending) {
          c.poll(Duration.ofMillis(100));
        }
      } catch (RuntimeException e) {
        error = e;
      }
      c.close();
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> more) {
      rebalances++;
      Set<TopicPartition> all = new HashSet<>(parts);
      all.addAll(more);
      parts = all;
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> less) {
      Set<TopicPartition> all = new HashSet<>(parts);
      all.removeAll(less);
      parts = all;
    }

    void leave() throws Exception {
      ending = true;
      thread.join();
      if (error != null) {
        throw error;
      }
    }
  }

  void rebalance(String name, String assignor) throws Exception {
    String topic = create("rebalance-" + name, PARTITIONS);
    String group = prefix + "-rebalance-" + name;
    String[] more = assignor == null ? new String[0] : new String[] {"partition.assignment.strategy", assignor};
    Set<TopicPartition> everything = partitions(topic);
    List<Member> members = new ArrayList<>();
    try {
      members.add(new Member(topic, group, more));
      until("one member has all", () -> members.get(0).parts.equals(everything));
      members.add(new Member(topic, group, more));
      until("two share", () -> share(members.get(0), members.get(1), everything));
      members.remove(0).leave();
      until("the one that stays has all", () -> members.get(0).parts.equals(everything));
    } finally {
      for (Member m : members) {
        m.leave();
      }
    }
  }

  static boolean share(Member a, Member b, Set<TopicPartition> everything) {
    Set<TopicPartition> mine = a.parts;
    Set<TopicPartition> yours = b.parts;
    Set<TopicPartition> both = new HashSet<>(mine);
    both.addAll(yours);
    return !mine.isEmpty() && !yours.isEmpty() && mine.size() + yours.size() == both.size() && both.equals(everything);
  }

  void staticMember() throws Exception {
    String topic = create("static", PARTITIONS);
    String group = prefix + "-static";
    List<Member> members = new ArrayList<>();
    try {
      Member a = new Member(topic, group, "group.instance.id", "a");
      members.add(a);
      until("a has all", () -> a.parts.size() == PARTITIONS);
      Member b = new Member(topic, group, "group.instance.id", "b");
      members.add(b);
      until("two share", () -> share(a, b, partitions(topic)));
      int before = a.rebalances;
      Set<TopicPartition> mine = b.parts;
      members.remove(b);
      b.leave();
      Member back = new Member(topic, group, "group.instance.id", "b");
      members.add(back);
      until("b is back with its partitions", () -> back.parts.equals(mine));
      check(a.rebalances == before, "the group rebalanced when a static member came back");
    } finally {
      for (Member m : members) {
        m.leave();
      }
    }
  }

  void transactions() throws Exception {
    String topic = create("txn", 1);
    List<String> all = new ArrayList<>();
    List<String> good = new ArrayList<>();
    try (KafkaProducer<byte[], byte[]> p = producer("transactional.id", prefix + "-txn")) {
      p.initTransactions();
      for (int i = 0; i < 6; i++) {
        p.beginTransaction();
        for (int j = 0; j < 10; j++) {
          String v = i + "-" + j;
          all.add(v);
          if (i % 2 == 0) {
            good.add(v);
          }
          p.send(new ProducerRecord<>(topic, bytes(v)));
        }
        p.flush();
        if (i % 2 == 0) {
          p.commitTransaction();
        } else {
          p.abortTransaction();
        }
      }
    }
    same("committed", values(read(topic, "isolation.level", "read_committed")), good);
    same("uncommitted", values(read(topic)), all);
  }

  void openTransaction() throws Exception {
    String topic = create("open", 1);
    try (KafkaProducer<byte[], byte[]> p = producer("transactional.id", prefix + "-open");
        KafkaProducer<byte[], byte[]> q = producer()) {
      p.initTransactions();
      p.beginTransaction();
      p.send(new ProducerRecord<>(topic, bytes("in it"))).get();
      q.send(new ProducerRecord<>(topic, bytes("after"))).get();
      same("while open", values(read(topic, "isolation.level", "read_committed")), Collections.emptyList());
      same("while open, uncommitted", values(read(topic)), Arrays.asList("in it", "after"));
      p.commitTransaction();
    }
    same("afterwards", values(read(topic, "isolation.level", "read_committed")), Arrays.asList("in it", "after"));
  }

  void transfer() throws Exception {
    String source = create("transfer-in", PARTITIONS);
    String target = create("transfer-out", PARTITIONS);
    String group = prefix + "-transfer";
    try (KafkaProducer<byte[], byte[]> p = producer()) {
      send(p, plain(source, 30, PARTITIONS));
    }
    try (KafkaProducer<byte[], byte[]> p = producer("transactional.id", prefix + "-transfer")) {
      p.initTransactions();
      for (boolean commit : new boolean[] {false, true}) {
        try (KafkaConsumer<byte[], byte[]> c = consumer(group)) {
          c.subscribe(Collections.singleton(source));
          List<String> values = take(c, 30);
          p.beginTransaction();
          for (String v : values) {
            p.send(new ProducerRecord<>(target, bytes(v)));
          }
          Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
          c.assignment().forEach(q -> offsets.put(q, new OffsetAndMetadata(c.position(q))));
          p.sendOffsetsToTransaction(offsets, c.groupMetadata());
          if (commit) {
            p.commitTransaction();
          } else {
            p.abortTransaction();
          }
          long want = commit ? 10 : -1;
          List<Long> got = offsets(c.committed(partitions(source)));
          if (commit || !got.isEmpty()) {
            same("offsets, commit=" + commit, got, Arrays.asList(want, want, want));
          }
        }
      }
    }
    List<String> got = values(read(target, "isolation.level", "read_committed"));
    got.sort((a, b) -> Integer.parseInt(a) - Integer.parseInt(b));
    same("target", got, numbers(0, 30));
  }

  void fencing() throws Exception {
    String topic = create("fence", 1);
    KafkaProducer<byte[], byte[]> old = producer("transactional.id", prefix + "-fence");
    try (KafkaProducer<byte[], byte[]> p = producer("transactional.id", prefix + "-fence")) {
      old.initTransactions();
      old.beginTransaction();
      old.send(new ProducerRecord<>(topic, bytes("old"))).get();
      p.initTransactions();
      p.beginTransaction();
      p.send(new ProducerRecord<>(topic, bytes("new")));
      p.commitTransaction();
      try {
        old.commitTransaction();
        throw new AssertionError("the old producer could commit");
      } catch (ProducerFencedException | InvalidProducerEpochException e) {
        // as it should be
      }
    } finally {
      old.close(Duration.ZERO);
    }
    same("committed", values(read(topic, "isolation.level", "read_committed")), Collections.singletonList("new"));
  }

  void byTime() throws Exception {
    String topic = create("time", PARTITIONS);
    long base = System.currentTimeMillis() - 3600_000;
    try (KafkaProducer<byte[], byte[]> p = producer()) {
      send(p, records(topic, 60, base));
    }
    try (KafkaConsumer<byte[], byte[]> c = consumer(null)) {
      Map<TopicPartition, Long> at = new HashMap<>();
      partitions(topic).forEach(p -> at.put(p, base + 300));
      for (Map.Entry<TopicPartition, OffsetAndTimestamp> e : c.offsetsForTimes(at).entrySet()) {
        check(e.getValue().offset() == 10, e.getKey() + ": offset " + e.getValue().offset() + " at 300 ms");
        check(e.getValue().timestamp() >= base + 300, e.getKey() + ": timestamp " + e.getValue().timestamp());
      }
      TopicPartition p = new TopicPartition(topic, 0);
      check(c.offsetsForTimes(Collections.singletonMap(p, base + 10_000)).get(p) == null, "an offset beyond the end");
    }
    TopicPartition p = new TopicPartition(topic, 0);
    check(admin.listOffsets(Collections.singletonMap(p, OffsetSpec.latest())).partitionResult(p).get().offset() == 20, "latest");
    check(admin.listOffsets(Collections.singletonMap(p, OffsetSpec.earliest())).partitionResult(p).get().offset() == 0, "earliest");
    check(admin.listOffsets(Collections.singletonMap(p, OffsetSpec.forTimestamp(base + 31))).partitionResult(p).get().offset() == 2,
        "for a timestamp");
  }

  Config describe(String topic) throws Exception {
    ConfigResource r = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    return admin.describeConfigs(Collections.singleton(r)).all().get().get(r);
  }

  /** The method's name differs: values() up to 3.x, topicNameValues() from 3.1 on. */
  @SuppressWarnings("unchecked")
  TopicDescription describeTopic(String topic) throws Exception {
    DescribeTopicsResult r = admin.describeTopics(Collections.singleton(topic));
    String name = Arrays.stream(r.getClass().getMethods()).anyMatch(m -> m.getName().equals("topicNameValues"))
        ? "topicNameValues" : "values";
    Map<String, Future<TopicDescription>> m =
        (Map<String, Future<TopicDescription>>) r.getClass().getMethod(name).invoke(r);
    return m.get(topic).get();
  }

  void topics() throws Exception {
    String topic = create("admin", PARTITIONS, "cleanup.policy", "compact", "retention.ms", "60000");
    check(describe(topic).get("cleanup.policy").value().equals("compact"), "cleanup.policy is lost");
    check(!describe(topic).get("cleanup.policy").isDefault(), "cleanup.policy is called a default");
    check(describe(topic).get("segment.bytes").isDefault(), "segment.bytes is not called a default");
    ConfigResource r = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    AlterConfigOp set = new AlterConfigOp(new ConfigEntry("retention.ms", "120000"), AlterConfigOp.OpType.SET);
    AlterConfigOp append = new AlterConfigOp(new ConfigEntry("cleanup.policy", "delete"), AlterConfigOp.OpType.APPEND);
    admin.incrementalAlterConfigs(Collections.singletonMap(r, Arrays.asList(set, append))).all().get();
    until("the new retention", () -> describe(topic).get("retention.ms").value().equals("120000"));
    check(describe(topic).get("cleanup.policy").value().equals("compact,delete"), "cleanup.policy was not appended to");
    AlterConfigOp delete = new AlterConfigOp(new ConfigEntry("retention.ms", ""), AlterConfigOp.OpType.DELETE);
    admin.incrementalAlterConfigs(Collections.singletonMap(r, Collections.singletonList(delete))).all().get();
    until("the default retention", () -> describe(topic).get("retention.ms").value().equals("604800000"));
    admin.createPartitions(Collections.singletonMap(topic, NewPartitions.increaseTo(5))).all().get();
    until("5 partitions", () -> describeTopic(topic).partitions().size() == 5);
    check(admin.describeCluster().nodes().get().size() == 1, "not one node");
    check(!admin.describeCluster().clusterId().get().isEmpty(), "no cluster id");
    admin.deleteTopics(Collections.singleton(topic)).all().get();
    until("it is gone", () -> !admin.listTopics().names().get().contains(topic));
    try {
      admin.deleteTopics(Collections.singleton(topic)).all().get();
      throw new AssertionError("a topic was deleted twice");
    } catch (ExecutionException e) {
      check(e.getCause() instanceof UnknownTopicOrPartitionException, "deleted twice: " + e.getCause());
    }
  }

  void deleteRecords() throws Exception {
    String topic = create("trim", 1);
    try (KafkaProducer<byte[], byte[]> p = producer()) {
      send(p, plain(topic, 20, 1));
    }
    TopicPartition p = new TopicPartition(topic, 0);
    long low = admin.deleteRecords(Collections.singletonMap(p, RecordsToDelete.beforeOffset(15)))
        .lowWatermarks().get(p).get().lowWatermark();
    check(low == 15, "low watermark " + low);
    same("what is left", values(read(topic)), numbers(15, 20));
  }

  void groups() throws Exception {
    String topic = create("groups", PARTITIONS);
    String group = prefix + "-groups";
    Member m = new Member(topic, group);
    try {
      until("the member has all", () -> m.parts.size() == PARTITIONS);
      ConsumerGroupDescription d =
          admin.describeConsumerGroups(Collections.singleton(group)).describedGroups().get(group).get();
      check(d.members().size() == 1, d.members().size() + " members");
      check(d.members().iterator().next().assignment().topicPartitions().equals(partitions(topic)), "assignment " + d);
      check(("" + d.state()).equalsIgnoreCase("stable"), "state " + d.state());
      check(admin.listConsumerGroups().all().get().stream().anyMatch(g -> g.groupId().equals(group)), "not listed");
    } finally {
      m.leave();
    }
    Map<TopicPartition, OffsetAndMetadata> to = new HashMap<>();
    partitions(topic).forEach(p -> to.put(p, new OffsetAndMetadata(2, "meta")));
    admin.alterConsumerGroupOffsets(group, to).all().get();
    Map<TopicPartition, OffsetAndMetadata> got =
        admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    check(got.equals(to), "offsets " + got);
    TopicPartition p0 = new TopicPartition(topic, 0);
    admin.deleteConsumerGroupOffsets(group, Collections.singleton(p0)).all().get();
    got = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    check(got.size() == 2 && !got.containsKey(p0), "offsets after a deletion " + got);
    admin.deleteConsumerGroups(Collections.singleton(group)).all().get();
    check(admin.listConsumerGroups().all().get().stream().noneMatch(g -> g.groupId().equals(group)), "still listed");
  }
}
