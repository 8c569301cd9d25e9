using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>What was learned on embeddings: turns D floats into k class probabilities or into one value.</summary>
public interface IHead
{
    /// <summary>D, the width of the embeddings it takes.</summary>
    int Width { get; }

    /// <summary>k: the number of classes, or 1 for regression.</summary>
    int Outputs { get; }

    /// <summary>Class names in the order of the probabilities; empty for regression.</summary>
    IReadOnlyList<string> Classes { get; }

    /// <summary>Predicts many: [N, k] probabilities, or [N, 1] values in the target's unit.</summary>
    /// <param name="rows">N x D embeddings.</param>
    /// <exception cref="FitException">The embeddings are not <see cref="Width"/> wide.</exception>
    Matrix Predict(IRows rows);

    /// <summary>Predicts one; the same bits as a row of the other overload.</summary>
    /// <param name="embedding">D floats.</param>
    /// <param name="result">Receives k floats.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    void Predict(ReadOnlySpan<float> embedding, Span<float> result);
}
