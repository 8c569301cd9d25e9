using OnnxTransfer.Heads;

namespace OnnxTransfer.Cli.Heads;

/// <summary>A head that <c>--head</c> can name.</summary>
/// <param name="Name">Its name.</param>
/// <param name="About">What it is, in a line.</param>
/// <param name="Tasks">What it can answer.</param>
/// <param name="Settings">What <c>--set</c> takes for it.</param>
/// <param name="Make">Makes its trainer.</param>
internal sealed record HeadKind(
    string Name, string About, IReadOnlyList<HeadTask> Tasks, IReadOnlyList<HeadSetting> Settings, Func<HeadRequest, IHeadTrainer> Make)
{
    /// <summary>Whether it has a penalty that <c>--l2</c> gives.</summary>
    public bool HasL2 { get; init; }

    /// <summary>Whether it predicts one number only.</summary>
    public bool HasOneTarget { get; init; }

    /// <summary>Whether <c>--head auto</c> tries it.</summary>
    public bool IsCandidate { get; init; } = true;
}
