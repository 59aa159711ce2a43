#include "ui/actions.h"

#include "ui/keys.h"

const struct action actions[N_ACTIONS] = {
#define ACTION_ROW(id, keys_, contexts_, group_, rank, bar_, help_)	\
	[ACTION_##id] = {						\
		.name = #id, .keys = keys_, .contexts = contexts_,	\
		.group = GROUP_##group_, .bar_rank = rank, .bar = bar_,	\
		.help = help_,						\
	},
	ACTION_LIST(ACTION_ROW)
#undef ACTION_ROW
};

static const char *const group_names[N_GROUPS] = {
	[GROUP_MOVE] = "MOVE",
	[GROUP_LOOK] = "LOOK",
	[GROUP_TREE] = "CALL TREE",
	[GROUP_FIND] = "FIND",
	[GROUP_SORT] = "SORT",
	[GROUP_GROWTH] = "GROWTH",
	[GROUP_PROGRAM] = "PROGRAM",
	[GROUP_SCREEN] = "SCREEN",
	[GROUP_TRACEBACK] = "TRACEBACK, SOURCE",
	[GROUP_LISTS] = "LISTS",
	[GROUP_DIALOG] = "DIALOGS",
	[GROUP_PROMPT] = "PROMPTS",
};

const char *
action_group_name(enum action_group group)
{
	return group_names[group];
}

enum action_id
action_find(enum context context, uint32_t key)
{
	for (int id = 0; id < N_ACTIONS; id++) {
		if ((actions[id].contexts & context) != 0 &&
		    keys_have(actions[id].keys, key))
			return (enum action_id)id;
	}
	return ACTION_NONE;
}
