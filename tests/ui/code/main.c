/* A source file for the traceback and source views; it is never compiled. */
#include "json.h"

int
main(int argc, char **argv)
{

	first_caller();
	second_caller();
	third_caller();
	return 0;
}
