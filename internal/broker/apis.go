package broker

import "slices"

// apis lists all that is served; each family's table stands beside its code.
func apis() map[int16]api {
	table := map[int16]api{}
	for _, a := range slices.Concat(dataAPIs(), groupAPIs(), txnAPIs(), adminAPIs()) {
		table[a.key] = a
	}
	return table
}
