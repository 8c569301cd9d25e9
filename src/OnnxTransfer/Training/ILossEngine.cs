using OnnxTransfer.Inference;

namespace OnnxTransfer.Training;

/// <summary>
/// The narrow door of all convex heads: the weighted mean loss of W z + b over rows, plus L2/2 ||W||², and its gradient; z
/// the standardised embedding. Parameters: k x D weights, then k biases, which bear no penalty. The result does not depend
/// on the number of threads. Evaluations follow one another; they never overlap.
/// </summary>
internal interface ILossEngine : IDisposable
{
    /// <summary>Number of parameters: k x (D + 1).</summary>
    int Size { get; }

    /// <summary>Why the processor computes where <see cref="ExecutionProvider.Auto"/> was asked for; null otherwise.</summary>
    string? ProviderNote { get; }

    /// <summary>The penalty on the weights.</summary>
    double L2 { get; set; }

    /// <summary>The objective at <paramref name="parameters"/>; its gradient goes to <paramref name="gradient"/>.</summary>
    double Evaluate(ReadOnlySpan<double> parameters, Span<double> gradient, CancellationToken cancellation);

    /// <summary>The mean loss alone, without penalty: the score of validation rows.</summary>
    double Loss(ReadOnlySpan<double> parameters, CancellationToken cancellation);
}
