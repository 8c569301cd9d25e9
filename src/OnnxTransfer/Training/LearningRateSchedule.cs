namespace OnnxTransfer.Training;

/// <summary>
/// The learning rate of each epoch as a part of the first, by the formulas of torch.optim.lr_scheduler. Made by one of its
/// methods: <c>LearningRateSchedule.Cosine() with { WarmUp = 3 }</c>.
/// </summary>
public sealed record LearningRateSchedule
{
    private readonly ScheduleKind _kind;
    private readonly double _factor;
    private readonly int _epochs;

    private LearningRateSchedule(ScheduleKind kind, double factor, int epochs) => (_kind, _factor, _epochs) = (kind, factor, epochs);

    private enum ScheduleKind
    {
        Constant,
        Step,
        Exponential,
        Cosine,
    }

    /// <summary>The same rate throughout.</summary>
    public static LearningRateSchedule Constant { get; } = new(ScheduleKind.Constant, 1, 0);

    /// <summary>
    /// Epochs at the start in which the rate rises evenly, 1/(n+1), 2/(n+1), ..., to its full height; the schedule itself begins after
    /// them (LinearLR, then the other, in SequentialLR).
    /// </summary>
    public int WarmUp { get; init; }

    /// <summary>What is wrong with the settings; null: nothing.</summary>
    internal string? Fault => WarmUp >= 0 && _epochs >= 0 && (_kind != ScheduleKind.Step || _epochs > 0) && _factor is >= 0 and <= 1
        && (_factor > 0 || _kind == ScheduleKind.Cosine)
        ? null
        : $"the schedule {this} makes no sense; expected WarmUp of at least 0, epochs of at least 1, a factor above 0 and at most 1";

    /// <summary>Times <paramref name="factor"/> after every <paramref name="epochs"/> epochs (StepLR).</summary>
    public static LearningRateSchedule Step(int epochs, double factor = 0.1) => new(ScheduleKind.Step, factor, epochs);

    /// <summary>Times <paramref name="factor"/> after every epoch (ExponentialLR).</summary>
    public static LearningRateSchedule Exponential(double factor = 0.95) => new(ScheduleKind.Exponential, factor, 0);

    /// <summary>
    /// Half a cosine wave from 1 down to <paramref name="lowest"/> (CosineAnnealingLR; Loshchilov and Hutter 2017) over
    /// <paramref name="epochs"/> epochs; null: over all the epochs a fit may take.
    /// </summary>
    public static LearningRateSchedule Cosine(int? epochs = null, double lowest = 0) => new(ScheduleKind.Cosine, lowest, epochs ?? 0);

    /// <summary>"Cosine(50, 0) after 3 epochs of warm-up", for reports.</summary>
    public override string ToString()
    {
        FormattableString text = _kind switch
        {
            ScheduleKind.Constant => $"{_kind}",
            ScheduleKind.Exponential => $"{_kind}({_factor})",
            _ => $"{_kind}({_epochs}, {_factor})",
        };
        return FormattableString.Invariant(text) + (WarmUp > 0 ? $" after {WarmUp} epochs of warm-up" : "");
    }

    /// <summary>The rate of an epoch, counted from 0, as a part of the first.</summary>
    internal double Factor(int epoch)
    {
        if (epoch < WarmUp)
        {
            return (epoch + 1.0) / (WarmUp + 1);
        }

        epoch -= WarmUp;
        return _kind switch
        {
            ScheduleKind.Step => Math.Pow(_factor, epoch / _epochs),
            ScheduleKind.Exponential => Math.Pow(_factor, epoch),
            ScheduleKind.Cosine => _factor + ((1 - _factor) * (1 + Math.Cos(Math.PI * epoch / _epochs)) / 2),
            _ => 1,
        };
    }

    /// <summary>The same with a cosine whose length was left open brought to an end with the last of <paramref name="epochs"/> epochs.</summary>
    internal LearningRateSchedule Over(int epochs) =>
        _kind == ScheduleKind.Cosine && _epochs == 0 ? new(_kind, _factor, Math.Max(1, epochs - WarmUp)) { WarmUp = WarmUp } : this;
}
