import java.nio.ByteBuffer;
import java.nio.file.*;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.*;
import org.apache.kafka.common.record.internal.*;

/** Writes the batches of this folder with Apache Kafka's own classes (kafka-clients 4.3.1). */
public class Batches {
    static void save(String dir, String name, ByteBuffer b) throws Exception {
        byte[] out = new byte[b.remaining()];
        b.get(out);
        Files.write(Path.of(dir, name), out);
    }

    static MemoryRecordsBuilder builder(Compression c, boolean txn) {
        return new MemoryRecordsBuilder(ByteBuffer.allocate(1 << 16), RecordBatch.MAGIC_VALUE_V2, c,
            TimestampType.CREATE_TIME, 500L, RecordBatch.NO_TIMESTAMP, txn ? 4001L : -1L, txn ? (short) 3 : -1,
            txn ? Integer.MAX_VALUE : -1, txn, false, 7, 1 << 20);
    }

    static void fill(MemoryRecordsBuilder b) {
        for (int i = 0; i < 200; i++) {
            byte[] key = i % 10 == 3 ? null : ("key-" + i % 7).getBytes();
            byte[] value = i % 10 == 5 ? null : ("value " + i + " " + "x".repeat(i)).getBytes();
            Header[] h = i % 4 == 0
                ? new Header[] {new RecordHeader("trace", ("t" + i).getBytes()), new RecordHeader("none", null)}
                : new Header[0];
            b.append(1700000000000L + i * 37L - (i % 3) * 1000L, key, value, h);
        }
    }

    public static void main(String[] args) throws Exception {
        Compression[] all = {Compression.NONE, Compression.gzip().build(), Compression.snappy().build(),
            Compression.lz4().build(), Compression.zstd().build()};
        for (Compression c : all) {
            MemoryRecordsBuilder b = builder(c, c == Compression.NONE);
            fill(b);
            save(args[0], c.type().name + ".batch", b.build().buffer());
        }
        for (ControlRecordType t : new ControlRecordType[] {ControlRecordType.ABORT, ControlRecordType.COMMIT}) {
            save(args[0], t.name().toLowerCase() + ".batch", MemoryRecords.withEndTransactionMarker(
                900L, 1700000000123L, 7, 4001L, (short) 3, new EndTransactionMarker(t, 11)).buffer());
        }
    }
}
