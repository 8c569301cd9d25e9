namespace OnnxTransfer.Training;

/// <summary>
/// The learning rate as a part of its height, by the formulas of torch.optim.lr_scheduler, from epoch to epoch or from step to
/// step. Made by one of its methods: <c>LearningRateSchedule.Cosine() with { WarmUp = 3 }</c>.
/// </summary>
public sealed record LearningRateSchedule
{
    private readonly ScheduleKind _kind;
    private readonly double _factor;
    private readonly int _epochs;
    private readonly double _rise;

    private LearningRateSchedule(ScheduleKind kind, double factor, int epochs, double rise = 0) =>
        (_kind, _factor, _epochs, _rise) = (kind, factor, epochs, rise);

    private enum ScheduleKind
    {
        Constant,
        Step,
        Exponential,
        Cosine,
        OneCycle,
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
        && (_factor > 0 || _kind == ScheduleKind.Cosine) && (_kind != ScheduleKind.OneCycle || (WarmUp == 0 && _rise is >= 0 and <= 1))
        ? null
        : $"the schedule {this} makes no sense; expected WarmUp of at least 0, epochs of at least 1, a factor above 0 and at most 1"
            + (_kind == ScheduleKind.OneCycle ? ", a rise of 0 to 1, and no WarmUp beside the cycle's own" : "");

    /// <summary>Times <paramref name="factor"/> after every <paramref name="epochs"/> epochs (StepLR).</summary>
    public static LearningRateSchedule Step(int epochs, double factor = 0.1) => new(ScheduleKind.Step, factor, epochs);

    /// <summary>Times <paramref name="factor"/> after every epoch (ExponentialLR).</summary>
    public static LearningRateSchedule Exponential(double factor = 0.95) => new(ScheduleKind.Exponential, factor, 0);

    /// <summary>
    /// Half a cosine wave from 1 down to <paramref name="lowest"/> (CosineAnnealingLR; Loshchilov and Hutter 2017) over
    /// <paramref name="epochs"/> epochs; null: over all the epochs a fit may take.
    /// </summary>
    public static LearningRateSchedule Cosine(int? epochs = null, double lowest = 0) => new(ScheduleKind.Cosine, lowest, epochs ?? 0);

    /// <summary>
    /// One cycle (OneCycleLR; Smith and Topin 2019): half a cosine wave up from <paramref name="start"/>, another down to a ten
    /// thousandth of that, over <paramref name="epochs"/> epochs; null: over all the epochs a fit may take. The momentum stays.
    /// </summary>
    /// <param name="rise">The part of all steps in which the rate rises.</param>
    /// <param name="start">The first rate, as a part of the highest.</param>
    /// <param name="epochs">Epochs of the cycle.</param>
    public static LearningRateSchedule OneCycle(double rise = 0.3, double start = 0.04, int? epochs = null) =>
        new(ScheduleKind.OneCycle, start, epochs ?? 0, rise);

    /// <summary>"Cosine(50, 0) after 3 epochs of warm-up", for reports.</summary>
    public override string ToString()
    {
        FormattableString text = _kind switch
        {
            ScheduleKind.Constant => $"{_kind}",
            ScheduleKind.Exponential => $"{_kind}({_factor})",
            ScheduleKind.OneCycle => $"{_kind}({_epochs}, {_factor}, {_rise})",
            _ => $"{_kind}({_epochs}, {_factor})",
        };
        return FormattableString.Invariant(text) + (WarmUp > 0 ? $" after {WarmUp} epochs of warm-up" : "");
    }

    /// <summary>The rate of a step, counted from 0 over all epochs, as a part of the highest; an epoch of one step has one rate throughout.</summary>
    internal double Factor(int step, int stepsPerEpoch = 1)
    {
        int warmUp = WarmUp * stepsPerEpoch, length = _epochs * stepsPerEpoch;
        if (step < warmUp)
        {
            return (step + 1.0) / (warmUp + 1);
        }

        step -= warmUp;
        return _kind switch
        {
            ScheduleKind.Step => Math.Pow(_factor, step / length),
            ScheduleKind.Exponential => Math.Pow(_factor, (double)step / stepsPerEpoch),
            ScheduleKind.Cosine => _factor + ((1 - _factor) * (1 + Math.Cos(Math.PI * step / length)) / 2),
            ScheduleKind.OneCycle => Cycle(step, (_rise * length) - 1, length - 1),
            _ => 1,
        };
    }

    /// <summary>The same with a rise of so many epochs: a cycle's own is made as long, others begin after a <see cref="WarmUp"/>.</summary>
    /// <param name="warmUp">Epochs in which the rate rises, from 0 on.</param>
    /// <param name="epochs">Epochs of the training, as which a cycle is long that does not say; at least as many, and 1.</param>
    public LearningRateSchedule Rising(int warmUp, int epochs) => _kind == ScheduleKind.OneCycle
        ? new(_kind, _factor, _epochs, (double)warmUp / (_epochs > 0 ? _epochs : epochs))
        : this with { WarmUp = warmUp };

    /// <summary>The same with a cosine or cycle whose length was left open brought to an end with the last of <paramref name="epochs"/> epochs.</summary>
    internal LearningRateSchedule Over(int epochs) => _kind is ScheduleKind.Cosine or ScheduleKind.OneCycle && _epochs == 0
        ? new(_kind, _factor, Math.Max(1, epochs - WarmUp), _rise) { WarmUp = WarmUp }
        : this;

    // From _factor up to 1 at the step of the peak, down to _factor / 10,000 at the last; a cycle may be too short to have a side.
    private double Cycle(int step, double peak, int last)
    {
        var (from, to, way) = step <= peak ? (_factor, 1, peak > 0 ? step / peak : 1) : (1.0, _factor / 1e4, last > 0 ? Math.Min(1, (step - peak) / (last - peak)) : 0);
        return to + ((from - to) / 2 * (1 + Math.Cos(Math.PI * way)));
    }
}
