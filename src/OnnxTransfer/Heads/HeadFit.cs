namespace OnnxTransfer.Heads;

/// <summary>A fitted head and how it came about.</summary>
/// <param name="Head">What was learned.</param>
/// <param name="Report">What was tried, chosen and noticed on the way.</param>
public sealed record HeadFit<THead>(THead Head, FitReport Report)
    where THead : IHead;
