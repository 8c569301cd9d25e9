namespace OnnxTransfer.Evaluation;

/// <summary>One of several ways to cut a set in two.</summary>
/// <param name="Train">Indices of the rows to fit on, ascending.</param>
/// <param name="Test">Indices of the rows to measure on, ascending: every row is in the test part of exactly one fold.</param>
public sealed record Fold(int[] Train, int[] Test);
