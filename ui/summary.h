/*
 * summary.h - what stays in the terminal when the screen is gone (L7).
 */
#ifndef TMTOP_UI_SUMMARY_H
#define TMTOP_UI_SUMMARY_H

struct ui;

/*
 * Print the last figures, three lines, and when the program failed the end of
 * its output: to stderr, or to the terminal when stderr was redirected, for
 * then it is the program's.
 */
void summary_say(const struct ui *ui);

#endif
