using OnnxTransfer.Backbones;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>What the training of an <see cref="Autoencoder"/> gave.</summary>
public sealed record AutoencoderReport
{
    /// <summary>The new backbone, as it was written beside <see cref="Path"/>.</summary>
    public required BackboneDescription Description { get; init; }

    /// <summary>Its ONNX file.</summary>
    public required string Path { get; init; }

    /// <summary>Images that it was trained on.</summary>
    public required int TrainImages { get; init; }

    /// <summary>Images that the losses here are of, none of them trained on.</summary>
    public required int ValidationImages { get; init; }

    /// <summary>Mean squared error of the reconstruction: of pixels from 0 to 1, or of embeddings of mean 0 and deviation 1.</summary>
    public required double Loss { get; init; }

    /// <summary>The same of an answer that is always the mean of the training images.</summary>
    public required double MeanLoss { get; init; }

    /// <summary>How much of what differs from the mean comes back: 1 - <see cref="Loss"/> / <see cref="MeanLoss"/>; 0 for images that are all alike.</summary>
    public double Explained => MeanLoss > 0 ? 1 - (Loss / MeanLoss) : 0;

    /// <summary>Each epoch.</summary>
    public required IReadOnlyList<EpochReport> Epochs { get; init; }

    /// <summary>The epoch, from 0 on, whose weights were kept.</summary>
    public required int BestEpoch { get; init; }

    /// <summary>Time of the training.</summary>
    public required double Seconds { get; init; }

    /// <summary>Images that could not be read.</summary>
    public IReadOnlyList<EmbedFailure> Failures { get; init; } = [];

    /// <summary>What a reader should know.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
