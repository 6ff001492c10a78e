//! Whole lists: tables, lines, workbooks, ids and scripts, and how a download that broke off is gone on with.

mod collection;
mod resumed;
mod unread;
mod workbook;
