using OnnxTransfer.Backbones;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>What <see cref="FineTuning"/> made: a backbone as any other, loaded from its own file, and the head for its embeddings.</summary>
/// <param name="Backbone">The new backbone, of the same taps; disposed with this.</param>
/// <param name="Head">The head.</param>
/// <param name="Report">How they came about.</param>
public sealed record FineTunedModel(Backbone Backbone, IHead Head, FineTuningReport Report) : IDisposable
{
    /// <summary>Unloads the backbone.</summary>
    public void Dispose() => Backbone.Dispose();
}
