using Microsoft.ML;

namespace OnnxTransfer.MLNet;

/// <summary>A fitted model of one number, and the score that is made of it: scale x output + shift.</summary>
/// <param name="Model">ML.NET's model parameters.</param>
/// <param name="Transformer">What computes it.</param>
/// <param name="Scale">Of the target, or of a calibrator.</param>
/// <param name="Shift">Likewise.</param>
internal sealed record ModelOutput(object Model, ITransformer Transformer, double Scale, double Shift);
