//! How commands are told of a case: by flags; what a case is stands in [`crate::case`].

mod flags;

pub(crate) use flags::{CaseFlags, Surroundings, lookup};

pub(crate) use crate::case::{
    Case, Circumstances, Expected, Folder, Unreadable, folders_in, input, read_checkpoint,
    tables_in, topic_beside,
};
