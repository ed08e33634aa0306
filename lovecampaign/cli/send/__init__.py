"""Verbs that send, control and report: ``send``, ``run``, ``status``, ``explain`` …"""
