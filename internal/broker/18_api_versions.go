package broker

import (
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// apiVersions is what clients ask first.
func (b *Broker) apiVersions(c *call, req *kmsg.ApiVersionsRequest) kmsg.Response {
	resp := kmsg.NewPtrApiVersionsResponse()
	if req.Version >= 3 {
		if !softwareName(req.ClientSoftwareName) || !softwareName(req.ClientSoftwareVersion) {
			resp.ErrorCode = kerr.InvalidRequest.Code
			return resp
		}
		b.log.Debug("client", "software", req.ClientSoftwareName, "version", req.ClientSoftwareVersion, "client", c.client, "host", c.host)
	}
	resp.ApiKeys = b.apiKeys()
	resp.SupportedFeatures = []kmsg.ApiVersionsResponseSupportedFeature{
		{Name: "group.version", MinVersion: 0, MaxVersion: 1},
		{Name: "transaction.version", MinVersion: 0, MaxVersion: 2},
	}
	resp.FinalizedFeaturesEpoch = 1
	resp.FinalizedFeatures = []kmsg.ApiVersionsResponseFinalizedFeature{
		{Name: "group.version", MinVersionLevel: 1, MaxVersionLevel: 1},
		{Name: "transaction.version", MinVersionLevel: 2, MaxVersionLevel: 2},
	}
	return resp
}

// apiKeys are the APIs with their versions, by key.
func (b *Broker) apiKeys() []kmsg.ApiVersionsResponseApiKey {
	var out []kmsg.ApiVersionsResponseApiKey
	for _, key := range slices.Sorted(maps.Keys(b.apis)) {
		out = append(out, kmsg.ApiVersionsResponseApiKey{ApiKey: key, MinVersion: b.apis[key].min, MaxVersion: b.apis[key].max})
	}
	return out
}

// unsupportedAPIVersions answers a version that is not known: in version 0, with what is
// served of ApiVersions itself (KIP-511).
func unsupportedAPIVersions(_ *Broker, c *call) {
	resp := kmsg.NewPtrApiVersionsResponse()
	resp.ErrorCode = kerr.UnsupportedVersion.Code
	resp.ApiKeys = []kmsg.ApiVersionsResponseApiKey{{ApiKey: keyAPIVersions, MinVersion: 0, MaxVersion: maxAPIVersions}}
	c.answer(resp)
}

// softwareName is Kafka's rule for names and versions of clients (ApiVersionsRequest.isValid).
func softwareName(s string) bool {
	alnum := func(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' }
	if s == "" || !alnum(s[0]) || !alnum(s[len(s)-1]) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !alnum(c) && c != '-' && c != '.' {
			return false
		}
	}
	return true
}
