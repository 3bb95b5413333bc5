//! The integration tests of the studio, one module an area, in reading order.
#![cfg(test)] // says to clippy what cargo knows: helpers here may fail loudly, too

mod support;

mod events;
mod floor;
mod floor_answers;
mod floor_barge_in;
mod floor_director;
mod floor_echo;
mod floor_end_of_turn;
mod floor_failures;
mod floor_habit;
mod floor_host;
mod floor_landing;
mod floor_late_words;
mod floor_log;
mod floor_memory;
mod floor_prepared;
mod floor_random;
mod floor_show;
mod floor_speech;
mod floor_strikes;
mod floor_view;
mod floor_voice;
mod replay;
mod simulate;

mod briefing;
mod rehearsal;

mod adapters;
mod called_names;
mod resilience;
mod speech;
mod turns;
mod write_an_adapter;

mod recording;

mod fuzz;

mod comebacks;
mod judged;
mod lost;
mod prepared;
mod producer;
mod secrets;
mod services;
mod session;

mod api_document;
mod hosts;
mod http;
mod lifecycle;
mod live;
mod metrics;
mod sound_check;
mod talk;
mod webrtc;
mod websocket;

mod conformance;

mod command_line;
mod config;
mod doctor;
mod factory;
mod models;

mod arrows;
mod tidy;
