package broker

// Names of Kafka's own topics. Offsets and transactions are kept elsewhere here, so that
// the topics never exist, but nobody else may take the names.
const (
	offsetsTopic = "__consumer_offsets"
	txnTopic     = "__transaction_state"
)

// reserved reports whether clients may neither make nor write a topic of that name.
func reserved(name string) bool { return name == offsetsTopic || name == txnTopic }

// maxName is Kafka's limit, in bytes: a partition's directory must be a file name.
const maxName = 249

// legalName is Kafka's rule (org.apache.kafka.common.internals.Topic.validate).
func legalName(name string) bool {
	if name == "" || name == "." || name == ".." || len(name) > maxName {
		return false
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}
