//! A self-hosted gateway for durable agent workflows: the edge, and the assembly of everything behind it.

pub mod access_log;
pub mod alerts;
pub mod audit;
pub mod auth;
pub mod cli;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod explain;
pub mod gateway;
pub mod http;
pub mod metrics;
pub mod net;
pub mod owners;
pub mod rate;
pub mod service;
pub mod telemetry;
mod view;
