namespace OnnxTransfer.Export;

/// <summary>How one tap of an int8 backbone agrees with float32's.</summary>
/// <param name="Tap">Its name.</param>
/// <param name="MeanCosine">Mean cosine of its embeddings of held-out images, 256 at most.</param>
public sealed record TapCosine(string Tap, double MeanCosine);
