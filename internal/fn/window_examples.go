package fn

func withWindowExamples(list []Window) []Window {
	for i := range list {
		e := examples()[list[i].Name]
		list[i].Example, list[i].Result = e[0], e[1]
	}
	return list
}

func withGeneratorExamples(list []Generator) []Generator {
	for i := range list {
		e := examples()[list[i].Name]
		list[i].Example, list[i].Result = e[0], e[1]
	}
	return list
}

func withHigherExamples(list []Higher) []Higher {
	for i := range list {
		e := examples()[list[i].Name]
		list[i].Example, list[i].Result = e[0], e[1]
	}
	return list
}
