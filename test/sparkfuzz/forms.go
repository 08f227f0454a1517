package sparkfuzz

// forms are the expressions of a kind that are not leaves. {kind} stands for an expression of a
// kind, {kind0} for a leaf: in lambdas, where no subquery may stand, and where values would grow.
var forms = [kinds][]string{
	intK: {"({int} + {int})", "({int} - {int})", "({int} * 2)", "({int} * -3)", "-({int})", "({int} % nullif({int}, 0))", "length({string})", "year({date})",
		"day({date})", "hour({timestamp})", "CAST({bool} AS INT)", "abs({int})", "datediff({date}, {date})", "instr({string}, 'a')", "try_cast({decimal} AS INT)",
		"pmod({int}, 3)", "({int} & {int})", "CAST(({int} DIV nullif({int}, 0)) AS INT)", "try_cast({string} AS INT)", "try_cast({bigint} AS INT)", "({int} | {int})",
		"({int} ^ {int})", "~({int})", "size({array})", "array_max({array})", "array_min({array})", "get({array}, {int})", "try_element_at({array}, 2)",
		"({struct}).x", "aggregate({array}, 0, (s, x) -> s + coalesce(x, {int0}))", "reduce({array}, 1, (s, x) -> greatest(s, x), s -> s * 2)",
		"element_at(map('a', {int}, 'b', {int}), {string})", "map('a', {int})['a']", "month({timestamp})", "quarter({date})", "dayofweek({date})", "weekofyear({date})",
		"dayofyear({date})", "extract(MINUTE FROM {timestamp})", "ascii({string})", "octet_length({string})", "levenshtein({string}, {string})", "sign({int})::INT",
		"locate('b', {string}, 1)", "find_in_set({string}, 'a,b,ab')", "weekday({date})", "shiftleft({int}, 2)", "bit_count({int})", "try_cast({double} AS INT)",
		"size(filter({array}, x -> x > {int0}))", "extract(DAY FROM {interval})", "regexp_count({string}, '[ab]')", "(CASE WHEN {bool} THEN 1 WHEN {bool} THEN 2 END)",
		"width_bucket({double}, 0.0D, 10.0D, 5)::INT", "nvl2({string}, {int}, {int})", "decode({int}, 1, 10, 2, 20, 30)"},
	bigintK: {"({bigint} + {int})", "CAST({int} AS BIGINT)", "({bigint} - {bigint})", "abs({bigint})", "({bigint} % nullif({bigint}, 0))", "({bigint} DIV nullif({bigint}, 0))",
		"array_position({array}, 2)", "unix_timestamp({timestamp})", "ceil({double})", "floor({double})", "(unix_micros({timestamp}) % 1000003L)", "(try_multiply({bigint}, {bigint}) % 1000007L)",
		"(try_add({bigint}, 9223372036854775000L) % 999L)", "try_cast({decimal} AS BIGINT)", "try_cast({string} AS BIGINT)", "CAST({timestamp} AS BIGINT)", "hash({int})::BIGINT",
		"(xxhash64({string}) % 1000L)", "crc32({string})", "unix_date({date})::BIGINT", "timestampdiff(HOUR, {timestamp}, {timestamp})", "bit_count({bigint})::BIGINT"},
	doubleK: {"({double} + {double})", "({double} - {int})", "CAST({int} AS DOUBLE)", "-({double0} + 1000.0D)", "abs({double})", "({double0} * 4.0D)",
		"CAST({decimal} AS DOUBLE)", "try_cast({string} AS DOUBLE)", "({double} + {decimal0})", "CAST({bigint} AS DOUBLE)"},
	decimalK: {"({decimal} + {decimal})", "({decimal} - {int})", "try_multiply({decimal0}, {decimal0})", "CAST({int} AS DECIMAL(12,3))", "round({decimal}, 1)", "-({decimal0})",
		"abs({decimal})", "CAST({decimal} AS DECIMAL(30,1))", "try_cast({string} AS DECIMAL(5,2))", "try_cast({double} AS DECIMAL(25,3))", "try_cast({decimal} AS DECIMAL(3,2))",
		"({decimal} + {bigint})", "({int} * {decimal0})", "({decimal} % nullif({decimal}, 0))", "bround({decimal}, 1)", "ceil({decimal}, 1)", "floor({decimal})",
		"CAST({bool} AS DECIMAL(5,2))", "CAST({bigint} AS DECIMAL(38,6))"},
	dateK: {"date_add({date}, 1)", "date_add({date}, -30)", "CAST({timestamp} AS DATE)", "add_months({date}, 1)", "({date} + INTERVAL '1' MONTH)", "last_day({date})",
		"({date} - 7)", "date_sub({date}, {int0} % 1000)", "trunc({date}, 'MM')", "trunc({date}, 'QUARTER')", "next_day({date}, 'MON')", "({date} - INTERVAL '2' YEAR)",
		"try_cast({string} AS DATE)", "make_date(2024, abs({int0} % 12) + 1, 5)", "to_date(CAST({date} AS STRING), 'yyyy-MM-dd')", "({date} + INTERVAL '3' DAY)", "add_months({date}, {int0} % 100)"},
	timestampK: {"({timestamp} + INTERVAL '36' HOUR)", "CAST({date} AS TIMESTAMP)", "date_trunc('DAY', {timestamp})", "date_trunc('WEEK', {timestamp})",
		"({timestamp} - INTERVAL '1' MONTH)", "date_trunc('HOUR', {timestamp})", "({timestamp} + {interval})", "({timestamp} - {interval})", "({date} + {interval})",
		"timestampadd(MINUTE, {int}, {timestamp})", "try_cast({string} AS TIMESTAMP)", "from_utc_timestamp({timestamp}, 'America/Lima')",
		"to_utc_timestamp({timestamp}, 'Europe/Madrid')", "timestamp_seconds({int})", "timestamp_millis({bigint} % 1000000000000L)", "date_trunc('QUARTER', {timestamp})",
		"try_to_timestamp({string}, 'yyyy-MM-dd')"},
	intervalK: {"({timestamp} - {timestamp})", "({interval} + {interval})", "({interval} * 2)", "({interval} - {interval})", "-({interval})", "abs({interval})",
		"CAST({date} - {date} AS INTERVAL DAY TO SECOND)", "make_dt_interval({int}, 1)", "({interval} / 2)", "sign({interval0}) * INTERVAL '1 00:00:00' DAY TO SECOND"},
	stringK: {"upper({string})", "lower({string})", "concat({string}, {string})", "({string} || '-')", "substring({string}, 1, 1)", "substring({string}, -1)",
		"trim({string})", "CAST({int} AS STRING)", "CAST({date} AS STRING)", "CAST({decimal} AS STRING)", "CAST({double} AS STRING)", "CAST({bool} AS STRING)",
		"CAST({timestamp} AS STRING)", "replace({string}, 'a', 'xy')", "lpad({string}, 3, '*')", "reverse({string})", "repeat({string}, 2)",
		"date_format({timestamp}, 'yyyy-MM-dd HH:mm')", "initcap({string})", "rpad({string}, 4, '東')", "left({string}, 2)", "right({string}, 1)", "translate({string}, 'ab', 'ñ')",
		"regexp_replace({string}, '[a-c]', '<$0>')", "regexp_extract({string}, '(a)(b)?', 2)", "split({string}, ',')[0]", "split_part({string}, ',', 2)",
		"concat_ws('|', {string}, {string}, 'z')", "concat_ws(',', transform({array}, x -> CAST(x AS STRING)))", "substring_index({string}, 'a', 1)", "hex({string})", "hex({int})",
		"bin({int})", "md5({string})", "overlay({string} PLACING 'Z' FROM 2)", "({struct}).y", "to_json({struct})", "CAST({array} AS STRING)", "CAST({struct} AS STRING)",
		"CAST({interval} AS STRING)", "CAST({bigint} AS STRING)", "ltrim('a', {string})", "btrim({string}, 'ab')", "soundex({string})", "format_string('%s-%d', {string}, {int})",
		"format_number({decimal}, 1)", "date_format({date}, 'EEE d MMM')", "chr({int0} % 20 + 70)", "typeof({int})", "coalesce({string}, 'nada')", "array_join({array}, '/', 'N')",
		"element_at(map(CAST(coalesce({int}, 0) AS INT), {string0}), 1)", "to_json(map('k', {int}))", "get_json_object('{\"a\":[1,{\"b\":\"x\"}]}', '$.a[1].b')", "monthname({date})", "dayname({date})",
		"base64(CAST({string} AS BINARY))", "to_char({decimal0}, '9999.99')", "conv(CAST({int} AS STRING), 10, 2)", "elt(2, {string}, {string})", "quote({string})"},
	arrayK: {"array({int}, {int})", "array_distinct({array})", "array_union({array}, {array})", "array_intersect({array}, {array})", "array_except({array}, {array})",
		"sort_array({array})", "sort_array({array}, false)", "array_sort({array})", "reverse({array})", "slice({array}, 1, 2)", "slice({array}, -1, 1)", "array_remove({array}, 2)",
		"array_append({array}, {int})", "array_prepend({array}, {int})", "array_insert({array}, 2, {int})", "array_compact({array})", "flatten(array({array}, {array}))",
		"concat({array}, {array})", "sequence(1, 3)", "array_repeat({int}, 2)", "transform({array}, x -> x + {int0})", "transform({array}, (x, i) -> x * i)",
		"filter({array}, x -> x > {int0})", "filter({array}, (x, i) -> i % 2 = 0)", "zip_with({array}, {array}, (x, y) -> coalesce(x, 0) + y)",
		"array_sort({array}, (x, y) -> CASE WHEN x IS NULL THEN 1 WHEN y IS NULL THEN -1 WHEN x > y THEN -1 WHEN x < y THEN 1 ELSE 0 END)",
		"map_values(map('a', {int}, 'b', {int}))", "map_keys(map_filter(map(1, {int}, 2, {int}), (k, v) -> v > k))", "transform(split({string}, ''), x -> length(x))",
		"map_values(transform_values(map('a', {int}), (k, v) -> v + 1))", "transform(filter({array}, x -> x IS NOT NULL), x -> CASE WHEN x > 1 THEN x ELSE {int0} END)",
		"array(({struct}).x)", "transform(array({struct}, {struct}), s -> s.x)", "array({struct}, {struct}).x", "from_json('[1,null,3]', 'ARRAY<INT>')"},
	structK: {"named_struct('x', CAST({int} AS INT), 'y', {string})", "struct(CAST({int} AS INT) AS x, {string} AS y)", "array({struct}, {struct})[0]",
		"zip_with(array(CAST({int} AS INT)), array({string}), (x, y) -> struct(x, y))[0]", "from_json('{\"x\": 5, \"y\": \"ñ\"}', 'x INT, y STRING')", "map('k', {struct})['k']",
		"try_element_at(filter(array({struct}, {struct}), s -> s.x > {int0}), 1)"},
}

// divisions give results that are not exact, so that their sums depend on the order of rows.
var divisions = [kinds][]string{
	doubleK: {"({double} / nullif({double}, 0.0D))", "({int} / nullif({int}, 0))", "sqrt(abs({double}))", "round({double}, 1)", "try_divide({double}, {int})",
		"months_between({timestamp}, {date})", "bround({double}, 0)", "({double} % nullif({double}, 0.0D))", "power({double0}, 2)"},
	decimalK: {"({decimal0} / nullif({decimal0}, 0))", "try_divide({decimal}, {int})"},
}

// generals are forms that any kind can have; {?} stands for an expression of that kind.
var generals = []string{"coalesce({?}, {?})", "CASE WHEN {bool} THEN {?} ELSE {?} END", "if({bool}, {?}, {?})", "nullif({?}, {?})", "greatest({?}, {?})", "least({?}, {?})",
	"CASE {?} WHEN {?} THEN {?} END", "nvl({?}, {?})", "CASE WHEN {bool} THEN {?} WHEN {bool} THEN {?} END", "array({?}, {?})[1]", "get(array({?}), {int})",
	"named_struct('v', {?}).v", "map(1, {?}, 2, {?})[2]", "ifnull({?}, {?})"}

// conditions are forms of BOOLEAN; {?} stands for an expression of one kind, the same everywhere.
var conditions = []string{"({?} = {?})", "({?} < {?})", "({?} >= {?})", "({?} <> {?})", "({?} <=> {?})", "({?} IS NULL)", "({?} IS NOT NULL)",
	"({?} IN ({?}, {?}))", "({?} NOT IN ({?}, NULL))", "({?} BETWEEN {?} AND {?})", "({bool} AND {bool})", "({bool} OR {bool})", "(NOT {bool})",
	"({string} LIKE 'a%')", "({string} NOT LIKE '%b')", "({string} LIKE '_')", "({bool0} IS NOT TRUE)", "({?} IS DISTINCT FROM {?})", "({bool} IS UNKNOWN)", "({bool0} IS FALSE)",
	"({int} < {bigint})", "({int} = {decimal})", "({double} >= {decimal})", "({date} <= {timestamp})", "({decimal} <> {decimal})", "({string} RLIKE '^[a-zÑ]+$')",
	"({string} ILIKE 'A%')", "({string} LIKE ANY ('a%', '%b', NULL))", "contains({string}, 'a')", "startswith({string}, {string})", "array_contains({array}, {int})",
	"exists({array}, x -> x > {int0})", "forall({array}, x -> x <> {int0})", "arrays_overlap({array}, {array})", "try_cast({string} AS BOOLEAN)", "CAST({int} AS BOOLEAN)",
	"((CAST({int} AS INT), {string}) = (CAST({int} AS INT), {string}))", "({?} NOT BETWEEN {?} AND {?})", "({bool} = {bool})", "equal_null({?}, {?})", "({string} LIKE '%!_%' ESCAPE '!')",
	"map_contains_key(map(CAST(coalesce({int}, 0) AS INT), 'v'), CAST({int} AS INT))"}

// aggregates of each kind; the others have min, max, max_by.
var aggregates = [kinds][]string{
	intK: {"min({int})", "max({int})", "CAST(sum({int}) AS INT)", "bit_and({int})", "bit_or({int})", "bit_xor({int})", "max(({struct}).x)"},
	bigintK: {"count(*)", "count({string})", "sum({int})", "count(DISTINCT {int})", "count(DISTINCT {string})", "max({bigint})", "count_if({bool})", "count({date})",
		"count(DISTINCT {int}, {string})", "sum(DISTINCT {int})", "approx_count_distinct({string})", "count({int}, {string})", "try_sum({bigint})", "sum({bigint})",
		"count(DISTINCT {array})", "sum({int}) + count(*)", "CASE WHEN max({int}) > 5 THEN sum({int}) ELSE count(*) END"},
	doubleK: {"sum({double})", "avg({int})", "min({double})", "max({double})", "avg({double})", "sum(DISTINCT {double0})", "avg(DISTINCT {int})", "percentile({int}, 0.5)",
		"median({int})", "percentile({double}, 0.25)", "try_avg({int})", "percentile_cont(0.75) WITHIN GROUP (ORDER BY {int})", "percentile_disc(0.5) WITHIN GROUP (ORDER BY {double})"},
	boolK:    {"bool_and({bool})", "bool_or({bool})", "max({bool})", "every({bool})", "some({bool})"},
	decimalK: {"sum({decimal})", "avg({decimal})", "max({decimal})", "min({decimal})", "sum(DISTINCT {decimal})", "avg(DISTINCT {decimal0})", "try_sum({decimal})"},
	stringK: {"min({string})", "max({string})", "listagg({string}, ',') WITHIN GROUP (ORDER BY {same})", "concat_ws('+', sort_array(collect_list({string})))",
		"listagg(DISTINCT {string}, '/') WITHIN GROUP (ORDER BY {same} DESC)"},
	intervalK: {"sum({interval})", "min({interval})", "max({interval})", "avg({interval})"},
	arrayK:    {"min({array})", "sort_array(collect_list({int}))", "sort_array(collect_set({int}))", "array_sort(array_agg(DISTINCT {int}))"},
}

// calls are window functions of each kind, beside those of all. @ stands for an ordered window with
// a frame, # for one without, ! for one without order, ~ for an order in which rows can be peers, ? for
// that with a frame.
var calls = [kinds][]string{
	intK:     {"row_number() #", "rank() #", "dense_rank() #", "ntile(3) #", "rank() ~", "dense_rank() ~"},
	bigintK:  {"count(*) @", "sum({int}) @", "count({string}) !", "sum({int}) !", "count(*) ?", "sum({int}) ?", "count({string}) FILTER (WHERE {bool}) @", "sum({int}) ?", "count_if({bool}) ?"},
	doubleK:  {"sum({double}) @", "avg({int}) @", "percent_rank() #", "cume_dist() #", "avg({int}) ?", "sum({double}) ?", "cume_dist() ~"},
	decimalK: {"sum({decimal}) @", "avg({decimal}) @", "sum({decimal}) ?"},
	boolK:    {"bool_or({bool}) @", "bool_and({bool}) ?"},
	arrayK:   {"collect_list({int}) @", "sort_array(collect_set({int}) ?)"},
}

// failing are forms that fail on some values, each always in the same way.
var failing = []string{"({int} / {int0})", "({decimal0} / {decimal0})", "({int} % {int0})", "({int} DIV {int0})", "({double0} / {double0})", "CAST({string} AS INT)",
	"CAST({string} AS DATE)", "CAST({string} AS DOUBLE)", "CAST({string} AS DECIMAL(6,2))", "CAST({string} AS BOOLEAN)", "CAST({string} AS TIMESTAMP)",
	"CAST({bigint0} AS INT)", "({bigint0} * 5000000000L)", "({bigint0} + 9223372036854775806L)", "CAST({int0} * 20 AS TINYINT)", "CAST({decimal0} AS DECIMAL(3,2))",
	"{array0}[2]", "element_at({array0}, 3)", "make_date(2024, {int0} + 3, 1)", "assert_true({bool0})", "CAST({double0} * 100 AS TINYINT)", "pmod({int}, {int0})",
	"(CAST({int0} AS INT) * 100000000)", "abs(CAST({int0} AS INT) * 1 - 2147483647)", "to_date({string}, 'yyyy-MM-dd')", "to_timestamp({string}, 'yyyy-MM-dd')",
	"(1 + {string})", "({interval0} / {int0})", "sequence({int0}, 5, 2)", "date_add({date}, {string})", "nullif({string}, 0)", "({interval0} * 100000000)",
	"CAST({timestamp0} AS INT)", "array_insert({array0}, {int0}, 1)", "slice({array0}, {int0}, 1)", "array_repeat({int}, {int0})", "elt({int0}, 'a', 'b')",
	"to_number({string}, '99')", "conv({string}, 10, 40)", "aggregate({array0}, 2147483647, (s, x) -> s + x)", "transform({array0}, x -> 10 / x)",
	"map({int0}, 1, 2, 3)", "map_from_arrays({array0}, {array0})", "from_json({string}, 'x INT', map('mode', 'FAILFAST'))", "CAST({int0} AS INTERVAL DAY) * 100000000"}
