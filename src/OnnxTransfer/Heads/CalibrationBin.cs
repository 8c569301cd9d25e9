namespace OnnxTransfer.Heads;

/// <summary>The answers whose confidence lies in one of the equal parts of 0 to 1.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Confidence">Their mean confidence; 0 where there are none.</param>
/// <param name="Accuracy">The part of them that is right; 0 where there are none.</param>
public sealed record CalibrationBin(int Count, double Confidence, double Accuracy);
