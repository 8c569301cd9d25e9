using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Heads;

/// <summary>What was learned on embeddings: turns D floats into k probabilities or into values.</summary>
public interface IHead
{
    /// <summary>The name of the embedding, float [N, D], in <see cref="ToOnnx"/>.</summary>
    const string EmbeddingName = "embedding";

    /// <summary>The name of the probabilities, float [N, k], in <see cref="ToOnnx"/>.</summary>
    const string ProbabilitiesName = "probabilities";

    /// <summary>The name of the values, float [N, m], in <see cref="ToOnnx"/>; also that of a value that has no name of its own.</summary>
    const string ValueName = "value";

    /// <summary>What it answers.</summary>
    HeadTask Task => Classes.Count > 0 ? HeadTask.Classes : HeadTask.Values;

    /// <summary>D, the width of the embeddings it takes.</summary>
    int Width { get; }

    /// <summary>k: the number of classes or labels; or m, the number of values.</summary>
    int Outputs { get; }

    /// <summary>Class or label names in the order of the probabilities; empty for values.</summary>
    IReadOnlyList<string> Classes { get; }

    /// <summary>
    /// Names of the m values, in their order: "value" for one without a name; "low", "value" and "high" for an interval; the
    /// names of the targets where there are several. Empty for probabilities.
    /// </summary>
    IReadOnlyList<string> ValueNames => Classes.Count > 0 ? [] : [ValueName];

    /// <summary>Predicts many: [N, k] probabilities, or [N, m] values in the targets' units.</summary>
    /// <param name="rows">N x D embeddings.</param>
    /// <exception cref="ArgumentException">The embeddings are not <see cref="Width"/> wide.</exception>
    Matrix Predict(IRows rows);

    /// <summary>Predicts one; the same bits as a row of the other overload.</summary>
    /// <param name="embedding">D floats.</param>
    /// <param name="result">Receives k or m floats.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    void Predict(ReadOnlySpan<float> embedding, Span<float> result);

    /// <summary>
    /// The head by itself as an ONNX model: input <see cref="EmbeddingName"/>, float [N, D]; output
    /// <see cref="ProbabilitiesName"/>, float [N, k], or <see cref="ValueName"/>, float [N, m], equal to
    /// <see cref="Predict(IRows)"/> within 1e-5.
    /// </summary>
    /// <param name="opset">The standard operator set to write it for: that of the backbone it shall be joined with, 7 to 21.</param>
    /// <exception cref="FitException">The head cannot be written as ONNX; <see cref="IHeadTrainer.WhyNotExported"/> said so before the fit.</exception>
    OnnxModel ToOnnx(int opset = 13);
}
