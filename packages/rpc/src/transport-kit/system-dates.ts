/** Unix time in ms of a date in words, such as `Feb  1 00:00:00 2020 GMT`; NaN when it is none. */
export const parseDate = (text: string): number => Date.parse(text);

/** The day of an instant, such as `2020-02-01`. @param at Unix time in ms */
export const formatDay = (at: number): string => new Date(at).toISOString().slice(0, 10);
