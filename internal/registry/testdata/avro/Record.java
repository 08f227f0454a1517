import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;

/**
 * Records what Apache Avro says of the cases in this folder: reads lines "P schema" (parse and
 * print) or "C reader writer" (compatibility), fields split by tabs, and prints each with the answer
 * as a last field. README.md says how to run it.
 */
public class Record {
  public static void main(String[] args) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = in.readLine()) != null; ) {
      System.out.println(line + "\t" + answer(line.split("\t")));
    }
  }

  static String answer(String[] c) {
    try {
      if (c[0].equals("P")) {
        Schema.Parser p = new Schema.Parser();
        p.setValidateDefaults(true);
        return p.parse(c[1]).toString();
      }
      Schema reader = new Schema.Parser().parse(c[1]);
      Schema writer = new Schema.Parser().parse(c[2]);
      List<String> all = new ArrayList<>();
      for (SchemaCompatibility.Incompatibility i :
          SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getResult().getIncompatibilities()) {
        all.add(i.getType() + " " + i.getLocation() + " " + i.getMessage());
      }
      return all.isEmpty() ? "compatible" : String.join(" | ", all);
    } catch (Exception e) {
      return "ERROR";
    }
  }
}
