package registry

// The bounds on what a client may send.
const (
	maxBody       = 4 << 20 // bytes of a request
	maxSchema     = 1 << 20 // bytes of one schema's text; the topic takes batches of 1 MiB by default
	maxDepth      = 128     // nested arrays and objects, types, messages
	maxReferences = 256     // schemas reached over references, in all
	maxResolved   = 8 << 20 // bytes of text reached over references, in all
	maxDiffs      = 200     // differences that one comparison reports
	maxSteps      = 200_000 // pairs that one comparison looks at, against schemas built to explode
	maxSubject    = 1024    // bytes of a subject's name
)
