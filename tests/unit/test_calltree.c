/*
 * test_calltree.c - call trees on literal traces; sums by hand.
 */
#include "literal.h"

#include "query/calltree.h"
#include "util/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct lit_trace traces[] = {
	{ 0, 100, 4, "a.c:1=put s.c:5=serve m.c:1=main" },
	{ 0, 50, 1, "a.c:2=put s.c:6=serve m.c:1=main" },
	{ 0, 30, 3, "a.c:1=put l.c:3=load m.c:2=main" },
	{ 0, 7, 1, "s.c:9=serve m.c:1=main" },
	{ 0, 1, 1, "t.c:1=thread" },
};

static const struct lit_trace later[] = {
	{ 0, 100, 4, "a.c:1=put s.c:5=serve m.c:1=main" },
	{ 0, 90, 2, "a.c:2=put s.c:6=serve m.c:1=main" },
	{ 0, 7, 1, "s.c:9=serve m.c:1=main" },
	{ 0, 1, 1, "t.c:1=thread" },
};

struct fixture {
	struct lit		*lit;
	struct query_traces	 now, base;
	struct call_tree	*tree;
	struct tree_open	 open;
	struct strbuf		 text;
};

static void
begin(struct fixture *f, const struct lit_trace *now, size_t n,
    const struct lit_trace *base, size_t n_base)
{
	*f = (struct fixture){ .lit = lit_new(), .text = STRBUF_INIT(65536) };
	f->now = lit_traces(f->lit, now, n);
	if (base != NULL)
		f->base = lit_traces(f->lit, base, n_base);
	f->tree = call_tree_new(&f->now, base != NULL ? &f->base : NULL);
}

static void
end(struct fixture *f)
{
	call_tree_free(f->tree);
	tree_open_fini(&f->open);
	strbuf_fini(&f->text);
	free(f->now.traces);
	free(f->base.traces);
	lit_free(f->lit);
}

static void
put_row(struct fixture *f, const struct tree_row *row)
{
	const struct names *names = stacks_names(f->lit->stacks);

	strbuf_pad(&f->text, ' ', row->depth);
	strbuf_puts(&f->text, row->n_folded > 0 ? "..." : !row->has_children ?
	    "" : row->is_open ? "-" : "+");
	if (row->n_folded > 0)
		strbuf_printf(&f->text, "%u", row->n_folded);
	else if (row->depth > 0)
		strbuf_printf(&f->text, "%s %s:%u",
		    name_text(names, row->stat.function),
		    name_text(names, row->stat.file), row->stat.line);
	strbuf_printf(&f->text, " %llu/%llu",
	    (unsigned long long)row->stat.size,
	    (unsigned long long)row->stat.count);
	if (f->base.stacks != NULL)
		strbuf_printf(&f->text, " %+lld/%+lld",
		    (long long)row->stat.size_diff,
		    (long long)row->stat.count_diff);
	if (row->self_size > 0)
		strbuf_printf(&f->text, " self %llu",
		    (unsigned long long)row->self_size);
	strbuf_putc(&f->text, '\n');
}

static tree_rows
list(struct fixture *f, struct tree_wants wants)
{
	tree_rows rows = VEC_INIT;

	call_tree_list(f->tree, &wants, &f->open, &rows);
	return rows;
}

static void
check(struct fixture *f, struct tree_wants wants, const char *expected)
{
	tree_rows rows = list(f, wants);

	strbuf_clear(&f->text);
	for (size_t i = 0; i < rows.n; i++)
		put_row(f, &rows.items[i]);
	assert_string_equal(strbuf_text(&f->text), expected);
	vec_fini(&rows);
}

/* Open the node in that place of what is listed now. */
static void
open_row(struct fixture *f, struct tree_wants wants, size_t i)
{
	tree_rows rows = list(f, wants);

	assert_true(i < rows.n && rows.items[i].has_children);
	tree_open_add(&f->open, rows.items[i].stat.identity);
	vec_fini(&rows);
}

static const struct tree_wants top_down = { .is_bottom_up = false };
static const struct tree_wants bottom_up = { .is_bottom_up = true };

static void
call_tree_top_down_opens_step_by_step(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, traces, array_size(traces), NULL, 0);
	check(&f, top_down, "+ 188/10\n");
	open_row(&f, top_down, 0);
	check(&f, top_down, "- 188/10\n"
	    " +main m.c:0 187/9\n thread t.c:1 1/1 self 1\n");
	open_row(&f, top_down, 1);
	check(&f, top_down, "- 188/10\n"
	    " -main m.c:0 187/9\n"
	    "  +serve s.c:0 157/6 self 7\n  +load l.c:3 30/3\n"
	    " thread t.c:1 1/1 self 1\n");
	open_row(&f, top_down, 2);
	check(&f, top_down, "- 188/10\n"
	    " -main m.c:0 187/9\n"
	    "  -serve s.c:0 157/6 self 7\n   put a.c:0 150/5 self 150\n"
	    "  +load l.c:3 30/3\n"
	    " thread t.c:1 1/1 self 1\n");
	end(&f);
}

static void
call_tree_bottom_up_shows_callers_of_owners(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, traces, array_size(traces), NULL, 0);
	tree_open_add(&f.open, TREE_ROOT);
	check(&f, bottom_up, "- 188/10\n"
	    " +put a.c:0 180/8\n +serve s.c:9 7/1\n"
	    " thread t.c:1 1/1 self 1\n");
	open_row(&f, bottom_up, 1);
	open_row(&f, bottom_up, 2);
	check(&f, bottom_up, "- 188/10\n"
	    " -put a.c:0 180/8\n"
	    "  -serve s.c:0 150/5\n   main m.c:1 150/5 self 150\n"
	    "  +load l.c:3 30/3\n"
	    " +serve s.c:9 7/1\n thread t.c:1 1/1 self 1\n");
	end(&f);
}

/* One block in a recursion of three is one block on every level. */
static void
call_tree_counts_recursion_once(void **state)
{
	static const struct lit_trace deep[] = {
		{ 0, 10, 1, "r.c:5=r r.c:5=r r.c:5=r m.c:1=main" },
	};
	struct fixture f;

	(void)state;
	begin(&f, deep, 1, NULL, 0);
	check(&f, (struct tree_wants){ .hot = TREE_ROOT }, "- 10/1\n"
	    " -main m.c:1 10/1\n  -r r.c:5 10/1\n   -r r.c:5 10/1\n"
	    "    r r.c:5 10/1 self 10\n");
	end(&f);
}

static void
call_tree_hot_path_ends_where_it_splits(void **state)
{
	static const struct lit_trace split[] = {
		{ 0, 49, 1, "a.c:1=a b.c:1=b m.c:1=main" },
		{ 0, 48, 1, "a.c:1=c b.c:1=b m.c:1=main" },
		{ 0, 47, 1, "a.c:1=d e.c:1=e b.c:1=b m.c:1=main" },
	};
	struct fixture f;

	(void)state;
	begin(&f, split, 3, NULL, 0);
	check(&f, (struct tree_wants){ .hot = TREE_ROOT }, "- 144/3\n"
	    " -main m.c:1 144/3\n  -b b.c:1 144/3\n   a a.c:1 49/1 self 49\n"
	    "   c a.c:1 48/1 self 48\n   +e e.c:1 47/1\n");
	end(&f);
}

static void
call_tree_compares_two_sides(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, later, array_size(later), traces, array_size(traces));
	tree_open_add(&f.open, TREE_ROOT);
	open_row(&f, top_down, 1);
	check(&f, top_down, "- 198/8 +10/-2\n"
	    " -main m.c:0 197/7 +10/-2\n"
	    "  +serve s.c:0 197/7 +40/+1 self 7\n"
	    "  +load l.c:3 0/0 -30/-3\n"
	    " thread t.c:1 1/1 +0/+0 self 1\n");
	check(&f, (struct tree_wants){ .by_growth = true,
	    .is_bottom_up = true }, "- 198/8 +10/-2\n"
	    " +put a.c:0 190/6 +10/-2\n +serve s.c:9 7/1 +0/+0\n"
	    " thread t.c:1 1/1 +0/+0 self 1\n");
	end(&f);
}

/* What has no name is told apart by its place. */
static void
call_tree_without_names_goes_by_place(void **state)
{
	static const struct lit_trace bare[] = {
		{ 0, 10, 1, "x.so:1 m.c:1=main" },
		{ 0, 20, 1, "x.so:2 m.c:1=main" }, { 0, 5, 1, "" },
	};
	struct fixture f;

	(void)state;
	begin(&f, bare, 3, NULL, 0);
	tree_open_add(&f.open, TREE_ROOT);
	open_row(&f, top_down, 1);
	check(&f, top_down, "- 35/3 self 5\n -main m.c:1 30/2\n"
	    "  <unknown> x.so:2 20/1 self 20\n"
	    "  <unknown> x.so:1 10/1 self 10\n");
	end(&f);
}

static void
call_tree_of_nothing_has_a_root(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, traces, 0, NULL, 0);
	check(&f, (struct tree_wants){ .hot = TREE_ROOT }, " 0/0\n");
	end(&f);
}

/* The children of every open node and its own part are the node; the traces
 * that a node holds are its sum. */
static void
check_sums(struct fixture *f, struct tree_wants wants)
{
	tree_rows rows = list(f, wants);

	for (size_t i = 0; i < rows.n; i++) {
		const struct tree_row *row = &rows.items[i];
		uint64_t size = row->self_size, held = 0;

		for (size_t j = i + 1; j < rows.n &&
		    rows.items[j].depth > row->depth; j++) {
			if (rows.items[j].depth == row->depth + 1)
				size += rows.items[j].stat.size;
		}
		if (row->is_open)
			assert_int_equal(size, row->stat.size);
		for (uint32_t t = 0; t < f->now.n; t++) {
			const struct query_trace *trace = &f->now.traces[t];

			if (row->n_folded == 0 &&
			    call_tree_holds(f->lit->stacks, trace->stack, row,
			    wants.is_bottom_up))
				held += trace->size;
		}
		if (row->n_folded == 0)
			assert_int_equal(held, row->stat.size);
	}
	vec_fini(&rows);
}

static void
call_tree_levels_add_up(void **state)
{
	enum { N = 300 };
	static struct lit_trace random[N];
	static char frames[N][160];
	struct fixture f;

	(void)state;
	srand(7);
	for (int i = 0; i < N; i++) {
		size_t at = 0;

		for (int depth = 1 + rand() % 7; depth > 0; depth--) {
			int function = rand() % 5;

			at += (size_t)snprintf(frames[i] + at,
			    sizeof frames[i] - at, "%s%c.c:%d=%c",
			    at > 0 ? " " : "", 'a' + function / 2,
			    rand() % 3 + 1, 'f' + function);
		}
		random[i] = (struct lit_trace){ 0, (uint64_t)rand() % 100 + 1,
			1, frames[i] };
	}
	begin(&f, random, N, NULL, 0);
	for (int direction = 0; direction < 2; direction++) {
		struct tree_wants wants = { .is_bottom_up = direction == 1 };
		tree_rows rows;

		tree_open_fini(&f.open);
		for (int round = 0; round < 9; round++) {
			rows = list(&f, wants);
			for (size_t i = 0; i < rows.n; i++)
				tree_open_add(&f.open,
				    rows.items[i].stat.identity);
			vec_fini(&rows);
		}
		check_sums(&f, wants);
	}
	end(&f);
}

static void
call_tree_folds_what_is_too_much(void **state)
{
	enum { N = 600 };
	static struct lit_trace many[N];
	static char frames[N][40];
	struct fixture f;
	tree_rows rows;

	(void)state;
	for (int i = 0; i < N; i++) {
		snprintf(frames[i], sizeof frames[i], "a.c:1=f%d", i);
		many[i] = (struct lit_trace){ 0, (uint64_t)(N - i), 1,
			frames[i] };
	}
	begin(&f, many, N, NULL, 0);
	tree_open_add(&f.open, TREE_ROOT);
	rows = list(&f, top_down);
	assert_int_equal(rows.n, 1 + 500 + 1);
	assert_int_equal(rows.items[501].n_folded, 100);
	assert_int_equal(rows.items[501].stat.size, 100 * 101 / 2);
	vec_fini(&rows);
	check_sums(&f, top_down);
	end(&f);
}

static void
tree_open_keeps_a_set(void **state)
{
	struct tree_open open = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 100; i++)
		tree_open_add(&open, i * 37 % 100);
	tree_open_add(&open, 5);
	assert_int_equal(open.ids.n, 100);
	tree_open_remove(&open, 5);
	tree_open_remove(&open, 5);
	assert_int_equal(open.ids.n, 99);
	assert_false(tree_open_has(&open, 5));
	assert_true(tree_open_has(&open, 4) && tree_open_has(&open, 6));
	tree_open_fini(&open);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(call_tree_top_down_opens_step_by_step),
		cmocka_unit_test(call_tree_bottom_up_shows_callers_of_owners),
		cmocka_unit_test(call_tree_counts_recursion_once),
		cmocka_unit_test(call_tree_hot_path_ends_where_it_splits),
		cmocka_unit_test(call_tree_compares_two_sides),
		cmocka_unit_test(call_tree_without_names_goes_by_place),
		cmocka_unit_test(call_tree_of_nothing_has_a_root),
		cmocka_unit_test(call_tree_levels_add_up),
		cmocka_unit_test(call_tree_folds_what_is_too_much),
		cmocka_unit_test(tree_open_keeps_a_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
