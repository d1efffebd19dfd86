// The part of React that workflow modules use.

import { Children, Fragment, cloneElement, createContext, createElement, isValidElement } from "smithers:element";
import { useCallback, useContext, useMemo, useReducer, useRef, useState } from "smithers:hooks";

export {
  Children,
  Fragment,
  cloneElement,
  createContext,
  createElement,
  isValidElement,
  useCallback,
  useContext,
  useMemo,
  useReducer,
  useRef,
  useState,
};

export function memo(component) {
  return component;
}

export default {
  Children,
  Fragment,
  cloneElement,
  createContext,
  createElement,
  isValidElement,
  memo,
  useCallback,
  useContext,
  useMemo,
  useReducer,
  useRef,
  useState,
};
