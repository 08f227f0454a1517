// Package sys is the one door to the outside: clock, files, network, randomness,
// environment. Everything above receives a *sys.Sys, so that tests can put a simulated
// or faulty world in its place. No other package calls time.Now, os or net directly,
// except cmd and the tests.
package sys
