package connector

// StartOver says how people make a flow forget what it has read: there is no command for it.
// It stands in hints, after what it is good for.
const StartOver = "stop azud, remove the flow's folder in the data directory (flows/PIPELINE/FLOW) and start it again"
