package fn

import "math"

// exp is e**x as Spark computes it (Java's StrictMath, that is FreeBSD's e_exp.c), to the
// last bit. The method: reduce x to k*ln2 + r with |r| <= ln2/2, approximate exp(r) by a
// rational function, scale by 2**k.
//
// FreeBSD's code is Copyright (C) 2004 by Sun Microsystems, Inc. All rights reserved.
// Permission to use, copy, modify, and distribute it is freely granted, provided that this
// notice is preserved.
func exp(x float64) float64 {
	const (
		ln2Hi     = 6.93147180369123816490e-01
		ln2Lo     = 1.90821492927058770002e-10
		overflow  = 7.09782712893383973096e+02
		underflow = -7.45133219101941108420e+02
	)
	switch {
	case math.IsNaN(x) || math.IsInf(x, 1):
		return x
	case math.IsInf(x, -1), x < underflow:
		return 0
	case x > overflow:
		return math.Inf(1)
	case math.Abs(x) < 0x1p-28:
		return 1 + x
	}
	k := 0
	hi, lo := x, 0.0
	if a := math.Abs(x); a > 0.5*math.Ln2 {
		switch {
		case a < 1.5*math.Ln2 && x > 0:
			hi, lo, k = x-ln2Hi, ln2Lo, 1
		case a < 1.5*math.Ln2:
			hi, lo, k = x+ln2Hi, -ln2Lo, -1
		default:
			k = int(x/math.Ln2 + math.Copysign(0.5, x))
			hi, lo = x-float64(float64(k)*ln2Hi), float64(k)*ln2Lo
		}
	}
	return expReduced(hi, lo, k)
}

// expReduced is e**(hi-lo) * 2**k. The conversions keep the compiler from fusing a
// multiplication with an addition, which would change the last bit.
func expReduced(hi, lo float64, k int) float64 {
	const (
		p1 = 1.66666666666666019037e-01
		p2 = -2.77777777770155933842e-03
		p3 = 6.61375632143793436117e-05
		p4 = -1.65339022054652515390e-06
		p5 = 4.13813679705723846039e-08
	)
	x := hi - lo
	t := x * x
	c := x - float64(t*(p1+float64(t*(p2+float64(t*(p3+float64(t*(p4+float64(t*p5)))))))))
	if k == 0 {
		return 1 - (float64(x*c)/(c-2) - x)
	}
	return math.Ldexp(1-((lo-float64(x*c)/(2-c))-hi), k)
}
